/** What most cases of the corpus permit for their two topics, `d` of class `disk` and `f` of class `fsync` (spec 6.1, 6.6). */
import type { Serves } from "./fault-case.ts";

/** Records 1 to `head` in both, all of them synced: a loss of power costs `d` its spare seqs, and nothing else. */
export function keeps(head: number): Serves {
  const d = range(head);
  return { holds: { d, f: d }, afterPowerLoss: { d: `${d} crash:${head + 1}..`, f: d } };
}

/**
 * Shard 0 is read-only. All that was acked has been rescued; the next start can't trust the page cache, so that it costs `d`
 * its spare seqs even when the process alone dies.
 */
export function latches(head: number): Serves {
  const { holds, afterPowerLoss } = keeps(head);
  return { holds, afterKill: afterPowerLoss!, afterPowerLoss: afterPowerLoss!, readOnly: [0], cacheIsNoWitness: true };
}

function range(head: number): string {
  return head === 1 ? "1" : `1-${head}`;
}
