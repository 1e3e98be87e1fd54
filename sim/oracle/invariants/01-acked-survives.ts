/** Acked at `fsync`: there after any crash, byte for byte. Acked at `disk`: there after any crash of the process (1.10/1). */
import { mustSurvive } from "../aftermath.ts";
import { applied, recordsOf } from "../history.ts";
import { brief } from "../observation.ts";
import { isOneInstance, type Invariant } from "../invariant.ts";

export const ackedSurvives: Invariant = {
  number: "1.10/1",
  title: "what was acked survives to its class",
  check: ({ history, crash, seen }) => {
    if (!isOneInstance(history)) return undefined;
    const there = new Map(seen?.records.map((record) => [record.seq, record.data]));
    // Nothing can be said of records that something else was asked to remove.
    const removes = history.issued.some(({ change }) => change.kind === "deleteRecords" || change.kind === "configure");
    let topic = history.base;
    for (const issued of history.acked) {
      const before = topic;
      topic = applied(topic, issued);
      const bounded = before?.config.capRecords !== 0 || before.config.capBytes !== 0 || before.config.ttlMs !== 0;
      if (removes || bounded || !(issued.settled || mustSurvive(issued, before, crash))) continue;
      for (const [at, { data }] of recordsOf(issued).entries()) {
        const seq = issued.firstSeq! + at;
        if (there.get(seq) !== data)
          return `record ${seq} was acked (${brief(data)}), and ${brief(there.get(seq) ?? "nothing")} is there`;
      }
    }
    return undefined;
  },
};
