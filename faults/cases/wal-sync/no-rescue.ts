/** A latch whose rescue fails as well (spec 6.6): nobody is told for certain what a restart will find. */
import { type FaultCase, faultCases } from "../../fault-case.ts";

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "wal-sync-eio-for-ever",
    section: "6.6",
    what: "Every sync of the log fails, the one of the rescue as well",
    permits:
      "What waited is told that the outcome is unknown; the shard is read-only; what was acked is lost with the power and announced",
    faults: ["datasync(wal-)#1:EIO:A:forever"],
    run: async (scene) => {
      await scene.append("d", 1);
      await scene.refused("unknown", "f", 2);
      await scene.pass(500);
      scene.saw("wal-latched", ({ rescued }) => !rescued);
      await scene.refused("wal_unavailable", "d", 1);
    },
    outcome: {
      holds: { d: "1-4", f: "1-3" },
      afterKill: { d: "1-4 crash:5..", f: "1-5" },
      afterPowerLoss: { d: "1-3 crash:4..", f: "1-3" },
      readOnly: [0],
      cacheIsNoWitness: true,
    },
  },
  {
    name: "wal-sync-eio-then-no-rescue-header",
    section: "6.6",
    what: "A sync fails, and the write that would make the spare the successor fails too",
    permits:
      "What waited is told that the outcome is unknown, the shard is read-only, what was acked is announced where it is lost",
    faults: ["datasync(wal-)#1:EIO:B", "write(wal-00-00000002)#1:EIO:forever"],
    run: async (scene) => {
      await scene.append("d", 1);
      await scene.refused("unknown", "f", 2);
      await scene.pass(500);
      scene.saw("wal-latched", ({ rescued }) => !rescued);
    },
    outcome: {
      holds: { d: "1-4", f: "1-3" },
      afterKill: { d: "1-3 crash:4..", f: "1-3" },
      afterPowerLoss: { d: "1-3 crash:4..", f: "1-3" },
      readOnly: [0],
      cacheIsNoWitness: true,
    },
  },
]);
