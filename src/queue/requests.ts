/** What workers ask of a queue and what they get (spec 5), in plain values. */
import type { U64 } from "../topic/config.ts";
import type { LeaseOwner } from "./job.ts";

export interface ClaimRequest {
  readonly node: string;
  readonly max: number;
  /** `undefined`: the topic's. */
  readonly leaseMs: number | undefined;
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal | undefined;
}

export interface ClaimedJob {
  readonly seq: number;
  readonly leaseId: string;
  readonly deadlineMs: number;
  readonly ts: number;
  readonly tag: string | undefined;
  /** This one included. */
  readonly deliveries: number;
  /** `"data":…,"meta":…`, the values verbatim. */
  readonly body: Uint8Array;
}

export interface ClaimResult {
  /** Ascending by seq. */
  readonly claimed: readonly ClaimedJob[];
  readonly ready: number;
}

/** Which jobs a holder speaks of; `leaseIds` fence off one that has lost them, `""` says nothing. */
export interface HeldJobs {
  readonly node: string;
  readonly seqs: readonly U64[];
  /** As many as seqs. */
  readonly leaseIds: readonly string[] | undefined;
}

export interface NackRequest extends HeldJobs {
  readonly delayMs: number;
}

export interface ExtendRequest extends HeldJobs {
  readonly leaseMs: number;
}

interface Outcome {
  /** In the order of the request: not held by the node, or named twice. */
  readonly skipped: readonly U64[];
}

export interface AckResult extends Outcome {
  readonly acked: number;
  readonly ready: number;
  readonly inFlight: number;
  /** 0 unless the answer waited for a sync. */
  readonly fsyncMs: number;
  /** The class of the queue waits for one. */
  readonly fsyncGated: boolean;
}

export interface NackResult extends Outcome {
  readonly nacked: number;
  readonly ready: number;
  readonly inFlight: number;
}

export interface ExtendResult extends Outcome {
  readonly extended: number;
  readonly deadlines: readonly { readonly seq: number; readonly deadlineMs: number }[];
}

export interface QueueCounts {
  readonly ready: number;
  readonly inFlight: number;
  readonly deadLettered: number;
}

/** One that takes part in a pass: a claim, or a stream with free slots. */
export interface Claimer {
  readonly node: string;
  readonly max: number;
  readonly leaseMs: number;
  readonly owner: LeaseOwner | undefined;
  /** Nobody would take what it gets. */
  readonly hasLeft: boolean;
}
