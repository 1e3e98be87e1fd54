/**
 * The jobs of queues that workers are at (spec 5, 9.4/8), each by the text that nobody else wrote: where it may be, and how
 * often it was delivered. Of calls whose answer never came nothing is expected. Queues, and what they bury their dead in,
 * have names of their own, and are not the rest of the oracle's.
 */
import type { CommitClass } from "../../src/topic/config.ts";
import { type Crash, keepsAcked } from "./crash.ts";
import { whereItMayBe } from "./invariants/94-08-jobs.ts";
import type { Observation } from "./observation.ts";
import { QueueLedger } from "./queue-ledger.ts";

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

const prefix = "jobs-";

/** Where they all bury their dead. */
export const deadJobs = `${prefix}dead`;

export class Jobs {
  readonly #jobs = new Map<string, Job>();
  readonly #queues = new Map<string, JobQueue>();

  owns(topic: string): boolean {
    return topic.startsWith(prefix);
  }

  get all(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  get queues(): readonly JobQueue[] {
    return [...this.#queues.values()];
  }

  queue(name: string): JobQueue | undefined {
    return this.#queues.get(name);
  }

  made(queue: Pick<JobQueue, "name" | "durability" | "maxDeliveries" | "leasesDurable">): JobQueue {
    const made = { ...queue, ledger: new QueueLedger(), bySeq: new Map<number, Job>(), isThere: false };
    this.#queues.set(queue.name, made);
    return made;
  }

  job(data: string): Job | undefined {
    return this.#jobs.get(data);
  }

  produced(home: string, data: string): Job {
    const job: Job = { data, home, is: "maybe", kept: false, deliveries: 0 };
    this.#jobs.set(data, job);
    return job;
  }

  /** Nothing is known of how often any of them was delivered. */
  forgetDeliveries(home: string): void {
    for (const job of this.#jobs.values()) if (job.home === home) job.deliveries = undefined;
  }

  /** Throws when a job is where it cannot be. Behind a crash what is found is what there is. */
  judge(observation: Observation, crash: Crash): void {
    const places = new Map<string, string[]>();
    for (const [topic, { records }] of observation)
      if (this.owns(topic)) for (const { data } of records) places.set(data, [...(places.get(data) ?? []), topic]);
    whereItMayBe(this, places, observation, crash);
    if (crash === "none") return;
    for (const queue of this.#queues.values()) {
      queue.isThere = observation.has(queue.name);
      queue.ledger.restarted(crash, queue.durability);
    }
    for (const job of this.#jobs.values()) {
      if (job.is !== "never") job.is = places.has(job.data) ? "there" : "gone";
      job.kept = true;
      job.deliveries = undefined;
    }
  }

  /** Whether what a worker was told of it must still be so. */
  isCertain({ home, kept }: Job, crash: Crash): boolean {
    return kept || keepsAcked(crash, this.#queues.get(home)?.durability ?? "fsync");
  }
}
