/** What a repair has done, and what it could not do (spec 6.6). */
import type { Outcome } from "../report.ts";
import type { DamagedFile } from "./found-blocks.ts";
import type { Range } from "./ranges.ts";

export interface TopicReport {
  readonly topic: string;
  readonly id: number;
  /** Lost operations, and what they may have been; the last of a range may be unknown. */
  readonly operations: readonly { readonly first: number; readonly last: number | null; readonly what: string }[];
  /** Seqs that are given up: readers get tombstones with the reason `corrupt`. */
  readonly givenUp: readonly Range[];
  /** Seqs that were missing in their place, and found in another. */
  readonly foundElsewhere: readonly Range[];
  readonly notes: readonly string[];
}

export interface RepairReport {
  readonly directory: string;
  readonly target: string;
  /** `ok`: the new directory is there and good. `damaged`: it is there and is not. Else there is none. */
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly directoryId?: string;
  /** The checkpoint that it began with; none: from the log and the segments alone. */
  readonly checkpoint?: number;
  readonly damaged: readonly DamagedFile[];
  readonly notes: readonly string[];
  /** Of whom something was lost, or may have been; the others are whole. */
  readonly topics: readonly TopicReport[];
  readonly counts: { readonly topics: number; readonly records: number; readonly frames: number };
}
