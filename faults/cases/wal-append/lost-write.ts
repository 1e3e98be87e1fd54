/** Writes that report success and are not there, or are somewhere else (spec 6.6 "sync lies", 9.2). */
import { type FaultCase, faultCases } from "../../fault-case.ts";

const file = "/data/wal-00-00000001.log";

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "wal-write-lost-mid-log",
    section: "9.2",
    what: "A write is acknowledged and never lands; others follow it, and a sync",
    permits: "The next start is refused at the place: what stands behind it says that it was synced",
    faults: ["write(wal-)#1:lie"],
    run: async (scene) => {
      await scene.append("d", 2);
      await scene.append("f", 1);
      await scene.append("f", 1);
      scene.kill();
    },
    outcome: { refuses: "damage", file },
    guards: [72],
  },
  {
    name: "wal-write-lost-at-the-end",
    section: "6.6",
    what: "The last write is acknowledged and never lands; then the shard is idle, and its mark says how far it is synced",
    permits: "The next start is refused: the mark calls the place synced",
    faults: ["write(wal-)#1:lie"],
    run: async (scene) => {
      await scene.append("f", 2);
      await scene.pass(1000);
      scene.kill();
    },
    outcome: { refuses: "damage", file },
    guards: [72],
  },
  {
    name: "wal-write-misplaced",
    section: "9.2",
    what: "A write lands 512 bytes behind its place",
    permits: "The next start is refused: a frame at another place than its own is no part of the log",
    faults: ["write(wal-)#1:offset=512"],
    run: async (scene) => {
      await scene.append("f", 2);
      await scene.append("d", 1);
      scene.kill();
    },
    outcome: { refuses: "damage", file },
  },
]);
