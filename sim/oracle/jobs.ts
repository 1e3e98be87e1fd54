/**
 * The jobs of queues that workers are at (spec 5, 9.4/8), each by the text that nobody else wrote: where it may be, and how
 * often it was delivered. Of calls whose answer never came nothing is expected. Queues, and what they bury their dead in,
 * have names of their own, and are not the rest of the oracle's.
 */
import { type Crash, keepsAcked } from "./crash.ts";
import { whereItMayBe } from "./invariants/94-08-jobs.ts";
import { type Job, type JobBook, type JobQueue, jobsPrefix } from "./job.ts";
import type { Observation } from "./observation.ts";
import { QueueLedger } from "./queue-ledger.ts";

export class Jobs implements JobBook {
  readonly #jobs = new Map<string, Job>();
  readonly #queues = new Map<string, JobQueue>();

  owns(topic: string): boolean {
    return topic.startsWith(jobsPrefix);
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
