/** Other errors of a write (spec 9.2): whatever the errno, what failed is not acked, and can never be replayed. */
import type { FaultCase } from "../../fault-case.ts";
import { latches } from "../../usual-outcomes.ts";

const errnos = ["EAGAIN", "EROFS", "EBADF", "EFBIG"] as const;

export const cases: readonly FaultCase[] = errnos.map((errno) => ({
  name: `wal-write-${errno.toLowerCase()}`,
  section: "9.2",
  what: `A write to the log fails with ${errno}`,
  permits: "The append is refused for certain and never found, the shard is read-only until the next start",
  faults: [`write(wal-)#1:${errno}`],
  run: async (scene) => {
    await scene.refused("wal_unavailable", "f", 2);
    await scene.pass(500);
    scene.saw("wal-latched", (event) => event.errno === errno && event.rescued);
    await scene.refused("wal_unavailable", "d", 1);
  },
  outcome: latches(3),
}));
