/** Syncs that report success and do nothing (spec 6.6): found at the next start by later evidence, as far as 6.2 reaches. */
import { type FaultCase, faultCases } from "../../fault-case.ts";

const file = "/data/wal-00-00000001.log";

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "wal-sync-lies-once",
    section: "6.6",
    what: "A sync lies; a later one does not, and the power is lost",
    permits: "The later sync covers what the lying one did not: nothing is lost",
    faults: ["datasync(wal-)#1:lie"],
    run: async (scene) => {
      await scene.append("f", 2);
      await scene.append("f", 1);
      scene.powerLoss("none");
      await scene.startAfter("power");
    },
    outcome: { holds: { d: "1-3 crash:4..", f: "1-6" }, afterPowerLoss: { d: "1-3 crash:4..", f: "1-6" } },
  },
  {
    name: "wal-sync-lies-and-a-later-frame-survives",
    section: "6.6",
    what: "Every sync lies; when the power is lost the device has kept a later frame, and not the one before",
    permits: "The start is refused: the later frame calls the place synced where the other one is missing",
    faults: ["datasync(wal-)#1:lie:forever"],
    run: async (scene) => {
      await scene.append("f", 2, { padBytes: 2000 });
      await scene.append("f", 1, { padBytes: 2000 });
      scene.powerLoss(`keep:${scene.pendingWrite(/wal-/)}`);
    },
    outcome: { refuses: "damage", file },
    guards: [72],
  },
  {
    name: "wal-sync-lies-and-another-shard-knows",
    section: "6.2",
    what: "The syncs of one of two shards lie, and the other shard's frames say how far it was synced",
    permits: "The start is refused, naming the file that is too short",
    server: { shards: 2 },
    faults: ["datasync(wal-00)#1:lie:forever"],
    run: async (scene) => {
      for (let round = 0; round < 2; round++)
        for (const topic of ["d", "f"]) {
          await scene.append(topic, 2);
          await scene.pass(1000);
        }
      scene.powerLoss("none");
    },
    outcome: { refuses: "damage", file },
    guards: [72],
  },
]);
