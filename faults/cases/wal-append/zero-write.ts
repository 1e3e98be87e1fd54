/** A write that takes nothing and says so without an error (spec 9.2). */
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { latches } from "../../usual-outcomes.ts";

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "wal-write-takes-nothing",
    section: "9.2",
    what: "Writes to the log take 0 bytes, again and again",
    permits: "The append is refused, nothing of it is found, and nobody waits for ever",
    faults: ["write(wal-00-00000001)#1:short=0:forever"],
    run: async (scene) => {
      await scene.refused("wal_unavailable", "f", 2);
      await scene.pass(500);
    },
    outcome: latches(3),
    guards: [7],
  },
]);
