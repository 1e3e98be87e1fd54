/** A delete that survived, or was acked in a class that survives, is never undone (1.10/6). */
import { promised } from "../aftermath.ts";
import { applied } from "../history.ts";
import { isOneInstance, type Invariant } from "../invariant.ts";

export const deletes: Invariant = {
  number: "1.10/6",
  title: "what was deleted stays deleted",
  check: ({ history, crash, seen }) => {
    if (seen === undefined || !isOneInstance(history)) return undefined;
    const acked = history.acked;
    const least = acked.slice(0, promised(history, acked, crash)).reduce(applied, history.base);
    const live = new Set(least?.records.map(({ seq }) => seq));
    const back = seen.records.find(({ seq }) => seq <= (least?.loggedHead ?? 0) && !live.has(seq));
    return back === undefined ? undefined : `record ${back.seq} is there again`;
  },
};
