/** Every involuntary hole is announced once, by a range that may grow but never shrinks; nothing else is (1.10/4). */
import { brief } from "../observation.ts";
import { isOneInstance, type Invariant } from "../invariant.ts";

/** What holds whatever was lost. */
export const wellFormed: Invariant = {
  number: "1.10/4",
  title: "what is announced is so",
  check: ({ seen }) => {
    for (const [at, { gapFrom, gapTo, reason }] of (seen?.tombstones ?? []).entries()) {
      if (gapFrom > gapTo) return `an empty range ${gapFrom} to ${gapTo} is announced`;
      if (at > 0 && gapFrom <= seen!.tombstones[at - 1].gapTo) return `seq ${gapFrom} is announced twice`;
      const record = seen!.records.find(({ seq }) => gapFrom <= seq && seq <= gapTo);
      if (record !== undefined) return `seq ${record.seq} is there, and announced as lost (${reason})`;
    }
    return undefined;
  },
};

export const announced: Invariant = {
  number: "1.10/4",
  title: "loss is announced, at every start, and once",
  check: (look) => {
    const { history, seen } = look;
    if (seen === undefined) return undefined;
    const wrong = wellFormed.check(look);
    if (wrong !== undefined) return wrong;
    if (!isOneInstance(history)) return undefined;
    for (const hole of history.base?.announced ?? [])
      if (!seen.tombstones.some(({ gapFrom, gapTo }) => gapFrom <= hole.from && hole.to <= gapTo))
        return `the hole from ${hole.from} to ${hole.to} was announced before, and is not any more: ${brief(seen.tombstones)}`;
    return undefined;
  },
};
