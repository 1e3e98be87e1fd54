/**
 * While a lease holds, its job is nobody else's, and who does not hold it cannot settle it; a delivery is counted once, by the
 * claim that makes it (1.10/10).
 */
import type { JobQueue } from "../job.ts";
import type { QueueLedger, ToldJob } from "../queue-ledger.ts";
import { Violation } from "../violation.ts";

export interface Claim {
  readonly topic: string;
  readonly max: number;
  readonly jobs: readonly ToldJob[];
  readonly facts: Parameters<QueueLedger["claimed"]>[1];
}

/** Of an answer to a claim; the ledger knows of it from now on. */
export function mayHold(ledger: QueueLedger, { topic, max, jobs, facts }: Claim): void {
  const wrong = ledger.claimed(jobs, facts);
  if (wrong !== undefined) throw new Violation("1.10/10", `${topic}: ${wrong}`);
  if (jobs.length > max) throw new Violation("1.10/10", `${topic}: ${jobs.length} jobs for ${max}`);
}

/** Of a call about jobs that the node certainly held. */
export function held(topic: string, node: string, verb: string, skipped: readonly unknown[]): void {
  if (skipped.length > 0)
    throw new Violation("1.10/10", `${topic}: ${node} holds ${skipped.join()}, and could not ${verb} it`);
}

/** Of a call about jobs that somebody else certainly holds. */
export function notHeld(topic: string, node: string, verb: string, done: number): void {
  if (done > 0) throw new Violation("1.10/10", `${topic}: ${node} could ${verb} ${done} jobs that somebody else holds`);
}

/** How often a job was delivered, where that is known. */
export function countedOnce(queue: JobQueue, seq: number, deliveries: number): void {
  const before = queue.bySeq.get(seq)?.deliveries;
  if (before !== undefined && deliveries !== before + 1)
    throw new Violation(
      "1.10/10",
      `${queue.name}: job ${seq} comes for the ${deliveries}. time, after it was delivered ${before} times`,
    );
}
