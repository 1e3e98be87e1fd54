/**
 * Who keeps the jobs of a queue (spec 5), as its topic sees it: told of what becomes of records, and asked for what the log
 * and checkpoints should say of leases, delays and counts. Their JSON is the keeper's own. What is cut off at the front it
 * sees from the topic's first live seq.
 */
export interface JobKeeper {
  /** A record that nobody gets before a time. */
  written(seq: number, dueMs: number): void;
  /** Live records were taken out one by one. */
  removed(seqs: readonly number[]): void;
  /** Whether a transition is one. */
  accepts(transition: unknown): boolean;
  /** A transition that was found in the log. */
  replay(transition: unknown): void;
  /** A transition that says which jobs are delayed, for a log that has not been told; `undefined` when none is. */
  delays(): unknown;
  /** For a checkpoint; `undefined` when there is nothing to say. */
  capture(): unknown;
  /** `false` for what `capture` does not give. */
  restore(captured: unknown): boolean;
  /** All of the log has been replayed; time begins. */
  recovered(): void;
  /** The topic is gone. */
  clear(): void;
}
