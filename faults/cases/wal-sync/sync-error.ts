/**
 * Syncs of the log that fail (spec 6.6): the first error latches the shard, nothing is retried on that file, and what was
 * acked is written to the spare from memory. In variant A the cache keeps the bytes that the device never gets, in variant
 * B it forgets them, and without a letter they stay dirty.
 */
import type { FaultCase } from "../../fault-case.ts";
import type { Scene } from "../../scene.ts";
import { latches } from "../../usual-outcomes.ts";

const latch = {
  section: "6.6",
  run: async (scene: Scene): Promise<void> => {
    await scene.append("d", 1);
    await scene.refused("wal_unavailable", "f", 2);
    await scene.pass(500);
    scene.saw("wal-latched", ({ rescued }) => rescued);
    await scene.refused("wal_unavailable", "d", 1);
    await scene.refused("wal_unavailable", "f", 1);
  },
  permits:
    "What waited for the sync is refused for certain and never found, what was acked before is rescued, the shard is read-only until the next start",
  outcome: { ...latches(3), ...rescued() },
  guards: [1, 4, 5],
};

/** One record that was acked, and not synced, is in the spare by now. */
function rescued(): Pick<ReturnType<typeof latches>, "holds" | "afterKill" | "afterPowerLoss"> {
  const after = { d: "1-4 crash:5..", f: "1-3" };
  return { holds: { d: "1-4", f: "1-3" }, afterKill: after, afterPowerLoss: after };
}

const variants = [
  {
    name: "eio-once",
    fault: "EIO",
    what: "A sync fails once; what it covered stays dirty, and the next sync would succeed",
  },
  { name: "eio-kept", fault: "EIO:A", what: "A sync fails once, and the page cache keeps what the device never gets" },
  { name: "eio-reverted", fault: "EIO:B", what: "A sync fails once, and the page cache forgets what it covered" },
  { name: "enospc", fault: "ENOSPC", what: "A sync fails for want of space" },
  { name: "edquot", fault: "EDQUOT:A", what: "A sync fails for want of quota" },
  { name: "eintr", fault: "EINTR:A", what: "A sync is interrupted" },
] as const;

export const cases: readonly FaultCase[] = variants.map(({ name, fault, what }) => ({
  ...latch,
  name: `wal-sync-${name}`,
  what,
  faults: [`datasync(wal-)#1:${fault}`],
}));
