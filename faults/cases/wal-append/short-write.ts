/** Short writes to the log (spec 6.6, 9.2): completed or treated as failed, and never half a frame acked. */
import { type FaultCase, faultCases } from "../../fault-case.ts";
import type { Scene } from "../../scene.ts";
import { keeps } from "../../usual-outcomes.ts";

const completed = {
  section: "6.6",
  permits: "The rest is written; both appends are acked and kept",
  run: async (scene: Scene): Promise<void> => {
    await scene.append("d", 2, { padBytes: 900 });
    await scene.append("f", 2, { padBytes: 900 });
    scene.neverSaw("wal-latched");
    scene.neverSaw("wal-abandoned");
  },
  outcome: keeps(5),
  guards: [7, 60],
};

export const cases: readonly FaultCase[] = faultCases([
  {
    ...completed,
    name: "wal-write-short-one-byte",
    what: "A write takes one byte",
    faults: ["write(wal-)#1:short=1", "write(wal-)#3:short=1"],
  },
  {
    ...completed,
    name: "wal-write-short-half",
    what: "Writes take half of what they are given, some times in a row",
    faults: [1, 2, 3, 5].map((index) => `write(wal-)#${index}:short=half`),
  },
  {
    ...completed,
    name: "wal-write-short-all-but-one",
    what: "A write takes all bytes but the last",
    faults: ["write(wal-)#1:short=less", "write(wal-)#3:short=less"],
  },
]);
