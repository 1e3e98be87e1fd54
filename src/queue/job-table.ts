/**
 * The jobs of one queue that are not simply waiting for their first delivery (spec 5): leased, delayed, given back. What has
 * never been claimed and has no delay lies behind a cursor and takes no memory here, however much of it there is.
 *
 * Deadlines, delays and returned jobs are in heaps, from which what is stale is dropped as it comes up, or all at once when
 * it is most of them: the cost of a pass does not grow with what waits, or with what is leased. Expiry needs no timer:
 * `settle` is called before anything is decided, and makes the table right for that moment.
 */
import { assert } from "../base/assert.ts";
import { Heap } from "../base/heap.ts";
import type { JobKeeper } from "../topic/job-keeper.ts";
import { type Job, type JobClock, jobOf, type JobState, type LeaseOwner } from "./job.ts";
import { captureJobs, type CapturedJobs, isCaptured } from "./section.ts";
import { isTransition, type LoggedReturn, type Transition } from "./transition.ts";

/** Heaps with fewer items are left as they are. */
const staleSlack = 1024;

/** Until when a lease holds, by both clocks. */
export interface Term {
  readonly leaseMs: number;
  readonly deadlineMs: number;
  readonly untilMs: number;
}

export interface Lease {
  readonly node: string;
  readonly term: Term;
  readonly idPrefix: string;
  readonly idNumber: number;
  readonly durable: boolean;
  readonly owner: LeaseOwner | undefined;
}

export class JobTable implements JobKeeper {
  readonly #clock: JobClock;
  readonly #jobs = new Map<number, Job>();
  readonly #expiries = new Heap<Job>();
  readonly #delays = new Heap<Job>();
  readonly #returned = new Heap<Job>();
  /** By seq: what retention cuts off at the front goes from here. */
  readonly #front = new Heap<Job>();
  /** Seqs up to here have been looked at; live ones among them are in the table. */
  #cursor = 0;
  #inFlight = 0;
  #delayed = 0;
  #deadLettered = 0;

  constructor(clock: JobClock) {
    this.#clock = clock;
  }

  /** Leased, or in hand. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get delayed(): number {
    return this.#delayed;
  }

  get deadLettered(): number {
    return this.#deadLettered;
  }

  get size(): number {
    return this.#jobs.size;
  }

  job(seq: number): Job | undefined {
    return this.#jobs.get(seq);
  }

  /** The job, if that node holds an unexpired lease on it. Only after `settle`. */
  heldBy(seq: number, node: string): Job | undefined {
    const job = this.#jobs.get(seq);
    return job?.state === "leased" && !job.busy && job.node === node ? job : undefined;
  }

  /** Makes the table right for now. `earliestSeq`: the topic's first live one. */
  settle(earliestSeq: number): void {
    const monotonicMs = this.#clock.monotonicMs();
    const nowMs = this.#clock.nowMs();
    for (; this.#front.leastKey < earliestSeq; this.#drop(this.#front.pop()));
    while (this.#expiries.leastKey < monotonicMs) {
      const untilMs = this.#expiries.leastKey;
      const job = this.#expiries.pop();
      if (job.state === "leased" && !job.busy && job.untilMs === untilMs) this.#to(job, "returned");
    }
    while (this.#delays.leastKey <= nowMs) {
      const dueMs = this.#delays.leastKey;
      const job = this.#delays.pop();
      if (job.state === "delayed" && !job.busy && job.dueMs === dueMs) this.#due(job);
    }
  }

  /** When a lease expires or a delay ends next, on the monotonic clock; `Infinity` for never. Stale ones may be among them. */
  nextChangeMs(): number {
    const delayMs = this.#delays.leastKey - this.#clock.nowMs();
    return Math.min(this.#expiries.leastKey, this.#clock.monotonicMs() + delayMs);
  }

  /** A lease that begins now. */
  term(leaseMs: number): Term {
    return {
      leaseMs,
      deadlineMs: this.#clock.nowMs() + leaseMs,
      untilMs: this.#clock.monotonicMs() + leaseMs,
    };
  }

  /** The next job of a pass, taken; `undefined` when nothing is claimable. `nextLive` is the topic's. */
  take(nextLive: (seq: number) => number): Job | undefined {
    while (this.#returned.size > 0) {
      const job = this.#returned.pop();
      if (job.state !== "returned" || job.busy) continue;
      this.#to(job, "taken");
      return job;
    }
    for (;;) {
      const seq = nextLive(this.#cursor);
      if (seq === 0) return undefined;
      this.#cursor = seq;
      const known = this.#jobs.get(seq);
      if (known !== undefined) continue;
      return this.#add(seq, "taken", 0);
    }
  }

  /** A job that is to be moved elsewhere: nobody else gets it. */
  seize(seq: number): Job {
    const job = this.#jobs.get(seq) ?? this.#add(seq, "taken", 0);
    this.#to(job, "taken");
    job.busy = true;
    return job;
  }

  /** A job that is in hand goes to a holder. */
  lease(job: Job, lease: Lease): void {
    assert(job.state === "taken", "a job is leased that was in hand");
    job.deliveries++;
    job.node = lease.node;
    job.idPrefix = lease.idPrefix;
    job.idNumber = lease.idNumber;
    job.durable = lease.durable;
    job.owner = lease.owner;
    job.busy = false;
    this.#hold(job, lease.term);
    this.#to(job, "leased");
    lease.owner?.leased(job.seq);
  }

  extend(job: Job, term: Term): void {
    assert(job.state === "leased", "a lease is extended while it holds");
    job.busy = false;
    this.#hold(job, term);
  }

  /** Back to the others: at once, or not before a time. The count of its deliveries stays. */
  giveBack(job: Job, dueMs = 0): void {
    assert(job.state === "leased" || job.state === "taken", "a job is given back by whoever has it");
    job.busy = false;
    if (dueMs > this.#clock.nowMs()) this.#delay(job, dueMs);
    else this.#to(job, "returned");
  }

  /** What was being logged about a job did not come to pass: it is held as before, if there is still time. */
  unbusy(job: Job): void {
    job.busy = false;
    if (job.state === "leased") this.#expiries.push(job.untilMs, job);
  }

  /** Records that are gone were moved to the dead letters. */
  buried(count: number): void {
    this.#deadLettered += count;
  }

  // --- what the topic tells ----------------------------------------------------------------------------------------

  written(seq: number, dueMs: number): void {
    this.#delay(this.#add(seq, "taken", 0), dueMs);
  }

  removed(seqs: readonly number[]): void {
    for (const seq of seqs) {
      const job = this.#jobs.get(seq);
      if (job !== undefined) this.#drop(job);
    }
  }

  clear(): void {
    for (const job of [...this.#jobs.values()]) this.#drop(job);
    for (const heap of [this.#expiries, this.#delays, this.#returned, this.#front]) heap.clear();
  }

  accepts(transition: unknown): boolean {
    return isTransition(transition);
  }

  replay(transition: unknown): void {
    const { claims = [], returned = [], extended, dead = 0 } = transition as Transition;
    for (const { node, prefix, first, leaseMs, deadlineMs, jobs } of claims)
      for (const [i, [seq, deliveries]] of jobs.entries()) {
        const job = this.#known(seq, deliveries);
        Object.assign(job, { node, leaseMs, deadlineMs, idPrefix: prefix, idNumber: first + i, durable: true });
        this.#to(job, "leased");
      }
    for (const [seq, dueMs, deliveries] of returned) this.#delay(this.#known(seq, deliveries), dueMs);
    for (const seq of extended?.seqs ?? []) {
      const job = this.#jobs.get(seq);
      if (job !== undefined) Object.assign(job, { leaseMs: extended!.leaseMs, deadlineMs: extended!.deadlineMs });
    }
    this.#deadLettered += dead;
  }

  delays(): unknown {
    const returned: LoggedReturn[] = [];
    for (const { state, seq, dueMs, deliveries } of this.#jobs.values())
      if (state === "delayed") returned.push([seq, dueMs, deliveries]);
    return returned.length === 0 ? undefined : { returned };
  }

  capture(): unknown {
    if (this.#jobs.size === 0 && this.#deadLettered === 0) return undefined;
    return captureJobs(this.#jobs.values(), this.#cursor, this.#deadLettered);
  }

  restore(captured: unknown): boolean {
    if (!isCaptured(captured)) return false;
    const { cursor, dead, waiting = [], delayed = [], leases = [] }: CapturedJobs = captured;
    this.#cursor = cursor;
    this.#deadLettered = dead;
    for (const [first, last, deliveries] of waiting)
      for (let seq = first; seq <= last; seq++) this.#to(this.#known(seq, deliveries), "returned");
    this.replay({ claims: leases, returned: delayed });
    return true;
  }

  /** What is left of a lease is the smaller of its lease time and what its deadline leaves (1.6). */
  recovered(): void {
    const monotonicMs = this.#clock.monotonicMs();
    const nowMs = this.#clock.nowMs();
    for (const job of this.#jobs.values()) {
      if (job.state !== "leased") continue;
      job.untilMs = monotonicMs + Math.min(job.leaseMs, job.deadlineMs - nowMs);
      this.#expiries.push(job.untilMs, job);
    }
  }

  // --- changes of state ----------------------------------------------------------------------------------------------

  #known(seq: number, deliveries: number): Job {
    const job = this.#jobs.get(seq) ?? this.#add(seq, "taken", deliveries);
    job.deliveries = deliveries;
    return job;
  }

  #add(seq: number, state: JobState, deliveries: number): Job {
    const job = jobOf(seq, state, deliveries);
    this.#jobs.set(seq, job);
    this.#front.push(seq, job);
    this.#count(state, 1);
    if (this.#front.size > staleSlack + 2 * this.#jobs.size) this.#front.keep((_, { state: now }) => now !== "gone");
    return job;
  }

  #drop(job: Job): void {
    if (job.state === "gone") return;
    this.#to(job, "gone");
    this.#jobs.delete(job.seq);
  }

  #hold(job: Job, { leaseMs, deadlineMs, untilMs }: Term): void {
    Object.assign(job, { leaseMs, deadlineMs, untilMs });
    this.#expiries.push(untilMs, job);
    if (this.#expiries.size > staleSlack + 2 * this.#inFlight)
      this.#expiries.keep((until, { state, untilMs: current }) => state === "leased" && until === current);
  }

  #delay(job: Job, dueMs: number): void {
    job.dueMs = dueMs;
    this.#to(job, "delayed");
    this.#delays.push(dueMs, job);
    if (this.#delays.size > staleSlack + 2 * this.#delayed)
      this.#delays.keep((due, { state, dueMs: current }) => state === "delayed" && due === current);
  }

  /** Its time has come. One that was never looked at is as fresh as its neighbours. */
  #due(job: Job): void {
    if (job.seq > this.#cursor && job.deliveries === 0) this.#drop(job);
    else this.#to(job, "returned");
  }

  #to(job: Job, state: JobState): void {
    const { owner } = job;
    this.#count(job.state, -1);
    job.state = state;
    this.#count(state, 1);
    if (state === "returned") this.#returned.push(job.seq, job);
    if (state === "leased" || owner === undefined) return;
    job.owner = undefined;
    owner.freed(job.seq);
  }

  #count(state: JobState, by: number): void {
    if (state === "leased" || state === "taken") this.#inFlight += by;
    else if (state === "delayed") this.#delayed += by;
  }
}
