/** Queues as HTTP and embedders see them (spec 5): a part of the engine of its own, with the same rules (api.ts). */
import type {
  AckResult,
  ClaimRequest,
  ClaimResult,
  ExtendRequest,
  ExtendResult,
  HeldJobs,
  NackRequest,
  NackResult,
} from "../queue/requests.ts";
import type { WorkRequest, WorkSink } from "../queue/work-streams.ts";

export type {
  AckResult,
  ClaimedJob,
  ClaimRequest,
  ClaimResult,
  ExtendRequest,
  ExtendResult,
  HeldJobs,
  NackRequest,
  NackResult,
  QueueCounts,
} from "../queue/requests.ts";
export type { WorkRequest, WorkSink } from "../queue/work-streams.ts";

/** A stream that is open. */
export interface Work {
  /** The reader has caught up. */
  drained(): void;
  /** Its reader has gone: what it holds is claimable again. */
  close(): void;
}

export interface RedriveRequest {
  /** `undefined`: to where each came from. */
  readonly to: string | undefined;
  readonly limit: number;
  /** Whether the caller may write there. */
  readonly mayMoveTo: (topic: string) => boolean;
}

export interface RedriveResult {
  readonly redriven: number;
  /** Were looked at and stay: leased, delayed, from nowhere, or to where nothing can go. */
  readonly left: number;
}

export interface QueueVerbs {
  /** Throws when there is no queue by that name. */
  check(topic: string): void;
  claim(topic: string, request: ClaimRequest): Promise<ClaimResult>;
  ack(topic: string, request: HeldJobs): Promise<AckResult>;
  nack(topic: string, request: NackRequest): Promise<NackResult>;
  extend(topic: string, request: ExtendRequest): Promise<ExtendResult>;
  work(topic: string, request: WorkRequest, sink: WorkSink): Work;
  /** Of any topic: dead letters may be a log. */
  redrive(topic: string, request: RedriveRequest): Promise<RedriveResult>;
}
