/** A job, the queue that it was produced for, and what may be asked about all of them (spec 5, 9.4/8). */
import type { CommitClass } from "../../src/topic/config.ts";
import type { Crash } from "./crash.ts";
import type { QueueLedger } from "./queue-ledger.ts";

export interface Job {
  readonly data: string;
  readonly home: string;
  /** `never`: refused for certain. `maybe`: something that was asked for has not been answered. */
  is: "there" | "gone" | "maybe" | "never";
  /** A crash was survived since: no other one takes that back. */
  kept: boolean;
  /** `undefined`: not known any more. */
  deliveries: number | undefined;
}

export interface JobQueue {
  readonly name: string;
  readonly durability: Exclude<CommitClass, "ephemeral">;
  readonly maxDeliveries: number;
  readonly leasesDurable: boolean;
  readonly ledger: QueueLedger;
  /** As far as they were claimed. */
  readonly bySeq: Map<number, Job>;
  isThere: boolean;
}

/** What is known of all of them. */
export interface JobBook {
  readonly all: readonly Job[];
  job(data: string): Job | undefined;
  queue(name: string): JobQueue | undefined;
  /** Whether what a worker was told of it must still be so. */
  isCertain(job: Job, crash: Crash): boolean;
}

export const jobsPrefix = "jobs-";

/** Where they all bury their dead. */
export const deadJobs = `${jobsPrefix}dead`;
