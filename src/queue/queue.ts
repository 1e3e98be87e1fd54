/**
 * The verbs of one queue (spec 5). Holders, leases and what waits are in the job table; records and the log are the topic's.
 * Before anything is decided the table is made right for now, so that no answer waits for a sweep.
 */
import { assert } from "../base/assert.ts";
import type { TopicsError } from "../base/errors.ts";
import type { Timers } from "../env/env.ts";
import type { U64 } from "../topic/config.ts";
import type { Topic } from "../topic/topic.ts";
import { Cohort } from "./cohort.ts";
import type { Job, JobClock } from "./job.ts";
import { JobTable } from "./job-table.ts";
import { type LeaseIds, leaseIdText } from "./lease-id.ts";
import { pass, type PassDeps } from "./pass.ts";
import type {
  AckResult,
  ClaimRequest,
  ClaimResult,
  ExtendRequest,
  ExtendResult,
  HeldJobs,
  NackRequest,
  NackResult,
  QueueCounts,
} from "./requests.ts";
import type { WorkStream } from "./work-streams.ts";
import { type WorkRequest, type WorkSink, WorkStreams } from "./work-streams.ts";

export interface QueueDeps {
  readonly clock: JobClock;
  readonly timers: Timers;
  readonly leaseIds: LeaseIds;
  /** As in `PassDeps`. */
  bury(topic: Topic, table: JobTable, jobs: readonly Job[]): Promise<readonly Job[]> | undefined;
  /** Something that nobody awaits has failed for a reason that is no caller's. */
  crash(error: unknown): void;
}

export class Queue {
  readonly topic: Topic;
  readonly table: JobTable;
  readonly #deps: QueueDeps;
  readonly #pass: PassDeps;
  readonly #cohort: Cohort;
  readonly #streams: WorkStreams;

  constructor(topic: Topic, deps: QueueDeps) {
    assert(topic.jobs instanceof JobTable, "a queue keeps its jobs in a table");
    const table = topic.jobs;
    this.topic = topic;
    this.table = table;
    this.#deps = deps;
    this.#pass = {
      topic,
      table,
      leaseIds: deps.leaseIds,
      nowMs: () => deps.clock.nowMs(),
      settle: () => this.#settle(),
      bury: (jobs) => deps.bury(topic, table, jobs),
    };
    const windowMs = (): number => topic.config.claimJitterMs;
    this.#cohort = new Cohort(deps.timers, windowMs, (claimers) => pass(this.#pass, claimers));
    this.#streams = new WorkStreams({
      clock: deps.clock,
      timers: deps.timers,
      cohort: this.#cohort,
      settle: () => void this.#settle(),
      nextChangeMs: () => table.nextChangeMs(),
      leaseMs: (asked) => asked ?? topic.config.leaseMs,
      release: (owner, seqs) => this.#release(owner, seqs),
      crash: (error) => deps.crash(error),
    });
  }

  async claim(request: ClaimRequest): Promise<ClaimResult> {
    const { node, max, signal } = request;
    const claimer = {
      node,
      max,
      leaseMs: request.leaseMs ?? this.topic.config.leaseMs,
      owner: undefined,
      get hasLeft() {
        return signal?.aborted === true;
      },
    };
    const claimed = await this.#cohort.claim(claimer, signal);
    return { claimed, ready: this.counts().ready };
  }

  async ack(request: HeldJobs): Promise<AckResult> {
    const { held, skipped } = this.#held(request);
    const fsyncGated = this.topic.config.durability === "fsync";
    let fsyncMs = 0;
    if (held.length > 0) {
      const removed = held.map(({ seq }) => seq).sort((a, b) => a - b);
      ({ fsyncMs } = await this.#change(held, removed, undefined, () => undefined));
    }
    const { ready, inFlight } = this.counts();
    return { acked: held.length, skipped, ready, inFlight, fsyncMs, fsyncGated };
  }

  async nack(request: NackRequest): Promise<NackResult> {
    const { held, skipped } = this.#held(request);
    const dueMs = request.delayMs === 0 ? 0 : this.#deps.clock.nowMs() + request.delayMs;
    await this.#giveBack(held, dueMs);
    const { ready, inFlight } = this.counts();
    return { nacked: held.length, skipped, ready, inFlight };
  }

  async extend(request: ExtendRequest): Promise<ExtendResult> {
    const { held, skipped } = this.#held(request);
    const term = this.table.term(request.leaseMs);
    const { leaseMs, deadlineMs } = term;
    const [logged, others] = parted(held);
    for (const job of others) this.table.extend(job, term);
    if (logged.length > 0) {
      const seqs = logged.map(({ seq }) => seq);
      await this.#change(logged, [], { extended: { leaseMs, deadlineMs, seqs } }, () => {
        for (const job of logged) if (job.state === "leased") this.table.extend(job, term);
      });
    }
    const deadlines = held.map(({ seq }) => ({ seq, deadlineMs }));
    return { extended: held.length, skipped, deadlines };
  }

  work(request: WorkRequest, sink: WorkSink): WorkStream {
    return this.#streams.open(request, sink);
  }

  /** Right at the time of the call. */
  counts(): QueueCounts {
    const count = this.#settle();
    const { inFlight, delayed, deadLettered } = this.table;
    return { ready: count - inFlight - delayed, inFlight, deadLettered };
  }

  /** There may be something for those who wait. */
  wake(): void {
    this.#streams.wake();
  }

  /** The topic is gone, or the server stops: streams and waiting claims end. */
  end(error: TopicsError): void {
    this.#streams.end(error);
    this.#cohort.end(error);
  }

  /** How many records are live. */
  #settle(): number {
    const { earliestSeq, count } = this.topic.summary();
    this.table.settle(earliestSeq);
    return count;
  }

  /** What the node holds of what it speaks of; it is busy from now on. */
  #held({ node, seqs, leaseIds }: HeldJobs): { readonly held: Job[]; readonly skipped: U64[] } {
    this.#settle();
    const held: Job[] = [];
    const skipped: U64[] = [];
    for (const [i, seq] of seqs.entries()) {
      const job = typeof seq === "number" ? this.table.heldBy(seq, node) : undefined;
      const token = leaseIds?.[i] ?? "";
      if (job === undefined || (token !== "" && token !== leaseIdText(job.idPrefix, job.idNumber))) {
        skipped.push(seq);
        continue;
      }
      job.busy = true;
      held.push(job);
    }
    return { held, skipped };
  }

  /** `dueMs` 0: at once. A delay has to survive, and so has the end of a lease that the log knows of. */
  async #giveBack(held: readonly Job[], dueMs: number): Promise<void> {
    const [durable, others] = parted(held);
    const logged = dueMs > 0 ? held : durable;
    if (dueMs === 0) for (const job of others) this.table.giveBack(job);
    if (logged.length > 0) {
      const returned = logged.map(({ seq, deliveries }) => [seq, dueMs, deliveries] as const);
      await this.#change(logged, [], { returned }, () => {
        for (const job of logged) if (job.state === "leased") this.table.giveBack(job, dueMs);
      });
    }
    if (held.length > 0) this.wake();
  }

  async #change(
    jobs: readonly Job[],
    removed: readonly number[],
    transition: unknown,
    publish: () => void,
  ): Promise<{ readonly fsyncMs: number }> {
    try {
      return await this.topic.changeJobs({ removed, transition, synced: false, reserve: true, publish });
    } catch (error) {
      for (const job of jobs) this.#stillHeld(job);
      throw error;
    }
  }

  #stillHeld(job: Job): void {
    if (job.state !== "leased") return;
    const { owner } = job;
    this.table.unbusy(job);
    if (owner?.isClosed === true) this.table.giveBack(job);
  }

  /** A stream has ended: what it still holds is claimable again, at once. */
  #release(owner: WorkStream, seqs: readonly number[]): void {
    const held: Job[] = [];
    for (const seq of seqs) {
      const job = this.table.job(seq);
      if (job?.owner === owner && job.state === "leased" && !job.busy) held.push(job);
    }
    const [durable, others] = parted(held);
    for (const job of others) this.table.giveBack(job);
    for (const job of durable) job.busy = true;
    if (durable.length > 0)
      this.#giveBack(durable, 0).catch(() => {
        // The log takes nothing: they are free here, and after a restart when their time is up.
        for (const job of durable) if (job.state === "leased") this.table.giveBack(job);
        this.wake();
      });
    if (others.length > 0) this.wake();
  }
}

/** Those whose lease the log knows of, and the others. */
function parted(jobs: readonly Job[]): readonly [Job[], Job[]] {
  const durable: Job[] = [];
  const others: Job[] = [];
  for (const job of jobs) (job.durable ? durable : others).push(job);
  return [durable, others];
}
