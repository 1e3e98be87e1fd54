/** What a read of a topic asks for and gets (spec 1.5, 1.8, 2.7); diff, watch, work and the library share it. */
import type { Predicate } from "../base/predicate.ts";

export interface ReadRequest {
  /** Exclusive: records with a greater seq are read. */
  readonly fromSeq: number;
  /** Nothing behind this seq is shown, and the head of the answer is not above it; absent: the head. */
  readonly through?: number | undefined;
  /** At least 1. */
  readonly limit: number;
  /** Bound on the record bytes of the answer; one record always fits. */
  readonly maxBytes: number;
  /** The reader's own nodes, dropped unless the topic has `dedupeNode: false`. */
  readonly nodes: readonly string[];
  readonly includeTags: boolean;
  readonly includeMeta: boolean;
  readonly includeData: boolean;
  readonly match: Predicate | undefined;
  /** Long poll: how long to wait until the cursor can move; 0 answers at once. */
  readonly waitMs: number;
  /** Ends the long poll early when the reader has gone. */
  readonly signal: AbortSignal | undefined;
}

export type TombstoneReason = "cap" | "ttl" | "mixed" | "recreated" | "source_trim" | "crash" | "corrupt" | "restored";

export interface Tombstone {
  readonly gapFrom: number;
  readonly gapTo: number;
  readonly reason: TombstoneReason;
  readonly missedEstimate: number;
  readonly earliestSeq: number;
  readonly headSeq: number;
}

export interface ReadResult {
  /** Wire bytes of the records; each slice holds whole records, comma-separated; join slices with a comma. */
  readonly slices: readonly Uint8Array[];
  readonly count: number;
  readonly nextFromSeq: number;
  readonly headSeq: number;
  readonly earliestSeq: number;
  readonly caughtUp: boolean;
  readonly tombstone: Tombstone | undefined;
  readonly recordsScanned: number;
  /** Gives back what the slices pin; they are not to be touched afterwards. Forgetting it costs reuse, not correctness. */
  release(): void;
}
