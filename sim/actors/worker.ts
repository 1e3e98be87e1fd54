/**
 * Workers of queues and who feeds them (spec 5): they claim, ack, give back, extend, come too late, hold streams and lose them;
 * what was delivered too often is buried, and dug out again. Each call is held against what was told before; where jobs are
 * is looked at after every crash.
 */
import { TopicsError } from "../../src/base/errors.ts";
import type { ClaimedJob, QueueVerbs, Work } from "../../src/engine/queue-api.ts";
import { appendRequest } from "../crash-matrix/client.ts";
import type { Machine } from "../crash-matrix/machine.ts";
import { countedOnce, held, mayHold, notHeld } from "../oracle/invariants/10-leases.ts";
import { allClaimed } from "../oracle/invariants/94-08-jobs.ts";
import { deadJobs, type Job, type JobQueue } from "../oracle/job.ts";
import { observeTopic } from "../oracle/observation.ts";
import type { Actor } from "../run/actor.ts";
import type { Stage } from "../run/stage.ts";

/** A claim may be followed at once by what is done with the jobs. */
const shifts = ["claim", "claim ack", "claim nack", "claim extend", "claim rest take late"] as const;
const streams = ["stream", "hang-up", "produce stream stream hang-up claim"] as const;
const verbs = [...shifts, ...streams, "claim", "claim", "ack", "late", "redrive", "bury"] as const;
const [first, second] = ["jobs-1", "jobs-2"] as const;

interface Doing {
  readonly queue: string;
  readonly verb: "produce" | "sweep" | (typeof verbs)[number];
  readonly node: string;
  readonly count: number;
  readonly leaseMs: number;
  readonly delayMs: number;
  /** Goes by before it. */
  readonly restMs: number;
  /** Of the queue, where it has to be made. */
  readonly durability: "memory" | "disk" | "fsync";
  readonly maxDeliveries: number;
  readonly leasesDurable: boolean;
}

const shortestLeaseMs = 100;
const longestLeaseMs = 4000;
/** More than deliveries there may be. */
const buryRounds = 3;
/** One that is about to expire is nobody's to rely on. */
const marginMs = 50;

export const actor: Actor = {
  name: "worker",
  weight: 0,
  plan: (prng) => ({
    queue: prng.pick([first, second]),
    verb: prng.chance(20) ? "produce" : prng.chance(5) ? "sweep" : prng.pick(verbs),
    node: prng.pick(["ann", "bob"]),
    count: prng.pick([1, 2, 5]),
    leaseMs: prng.pick([shortestLeaseMs, shortestLeaseMs, 400, longestLeaseMs]),
    delayMs: prng.pick([0, 300, longestLeaseMs]),
    durability: prng.pick(["memory", "disk", "fsync"] as const),
    restMs: prng.pick([0, 0, 150, 500]),
    maxDeliveries: prng.pick([0, 1, 1, 2]),
    leasesDurable: prng.chance(50),
  }),
  act: async (stage, given) => {
    const doing = given as unknown as Doing;
    const shop = Shop.at(stage);
    await stage.turns.alone(doing.queue, async () => {
      const queue = await shop.open(doing);
      if (queue === undefined) return;
      await shop.rest(doing.restMs);
      for (const verb of doing.verb.split(" "))
        stage.note(`worker ${doing.queue} ${verb} ${await shop.do(verb, doing, queue)}`);
    });
  },
};

interface Stream {
  readonly queue: string;
  readonly work: Work;
  readonly seqs: Set<number>;
}

interface Claimed {
  readonly node: string;
  readonly max: number;
  readonly leaseMs: number;
  readonly askedMs: number;
  readonly durable: boolean;
}

/** What workers of one process know. */
class Shop {
  readonly #stage: Stage;
  readonly #machine: Machine;
  readonly #queues: QueueVerbs;
  readonly #streams: Stream[] = [];
  /** Leases that others have taken over by now, perhaps. */
  readonly #late: { readonly queue: string; readonly node: string; readonly seq: number }[] = [];

  private constructor(stage: Stage) {
    this.#stage = stage;
    this.#machine = stage.machine;
    this.#queues = stage.machine.engine.queues;
  }

  static at(stage: Stage): Shop {
    const known = shops.get(stage.machine);
    if (known !== undefined) return known;
    const shop = new Shop(stage);
    shops.set(stage.machine, shop);
    return shop;
  }

  async open({ queue: name, durability, maxDeliveries, leasesDurable }: Doing): Promise<JobQueue | undefined> {
    const { jobs } = this.#stage.oracle;
    const known = jobs.queue(name) ?? jobs.made({ name, durability, maxDeliveries, leasesDurable });
    if (known.isThere) return known;
    const patch = { type: "queue", deadLetter: known.maxDeliveries > 0 ? deadJobs : null } as const;
    const { door } = this.#machine;
    const config = { ...patch, durability: known.durability, maxDeliveries: known.maxDeliveries };
    const made = await this.#told(() =>
      door.configureTopic(name, { ...config, leasesDurable: known.leasesDurable }, "put"),
    );
    known.isThere = typeof made !== "string";
    return known.isThere ? known : undefined;
  }

  /** What the process does not live to see never comes, and neither does whoever waits for it. */
  async rest(ms: number): Promise<void> {
    if (ms === 0) return;
    await new Promise<void>((resolve) => this.#stage.scheduler.timers.after(ms, resolve));
    if (this.#stage.machine !== this.#machine || this.#machine.isDead) await new Promise(() => undefined);
  }

  async do(verb: string, { node, leaseMs, count, delayMs }: Doing, queue: JobQueue): Promise<string> {
    switch (verb) {
      case "produce":
        return this.#produce(queue, count, delayMs);
      case "claim":
        return this.#claim(queue, node, count, leaseMs);
      case "ack":
        return this.#ack(queue, node, count);
      case "nack":
        return this.#nack(queue, node, count, delayMs);
      case "extend":
        return this.#extend(queue, node, leaseMs);
      case "late":
        return this.#comeLate(queue);
      case "stream":
        return this.#stream(queue, node, count, leaseMs);
      case "hang-up":
        return this.#hangUp(queue);
      case "redrive":
        return this.#redrive(count);
      case "rest":
        return this.rest(shortestLeaseMs + marginMs).then(() => "ok");
      case "take":
        return this.#claim(queue, "cat", count, longestLeaseMs);
      case "bury":
        return this.#bury(queue);
      default:
        return this.#sweep(queue);
    }
  }

  async #produce(queue: JobQueue, count: number, delayMs: number): Promise<string> {
    const { jobs } = this.#stage.oracle;
    const made = Array.from({ length: count }, (_, at) =>
      jobs.produced(queue.name, JSON.stringify({ job: `${queue.name}/${jobs.all.length}/${at}` })),
    );
    const request = appendRequest(made, undefined, delayMs > 0 ? delayMs : undefined);
    const askedMs = this.#nowMs;
    const result = await this.#told(() => this.#machine.door.append(queue.name, request));
    this.#settle(made, result, "there", "never");
    if (typeof result === "string") return result;
    if (delayMs > 0) for (const at of made.keys()) queue.ledger.delayed(result.firstSeq + at, askedMs + delayMs);
    return `${count} ok`;
  }

  async #claim(queue: JobQueue, node: string, max: number, leaseMs: number): Promise<string> {
    const askedMs = this.#nowMs;
    const result = await this.#told(() => this.#queues.claim(queue.name, { node, max, leaseMs, signal: undefined }));
    if (typeof result === "string") {
      this.#stage.oracle.jobs.forgetDeliveries(queue.name);
      return result;
    }
    this.#took(queue, { node, max, leaseMs, askedMs, durable: queue.leasesDurable }, result.claimed);
    return `${result.claimed.length} of ${max}`;
  }

  #took(queue: JobQueue, claim: Claimed, claimed: readonly ClaimedJob[]): void {
    const { node, max } = claim;
    const { oracle } = this.#stage;
    const nowMs = this.#nowMs;
    const before = claimed.flatMap(({ seq }) => {
      const lease = queue.ledger.held.get(seq);
      return lease === undefined ? [] : [{ queue: queue.name, node: lease.node, seq }];
    });
    const facts = { ...claim, nowMs, wallMs: nowMs };
    mayHold(queue.ledger, { topic: queue.name, max, jobs: claimed, facts });
    this.#late.push(...before.filter((lease) => lease.node !== node));
    for (const { seq, deliveries, body } of claimed) {
      countedOnce(queue, seq, deliveries);
      const { data } = JSON.parse(`{${Buffer.from(body).toString()}}`) as { data: unknown };
      const job = oracle.jobs.job(JSON.stringify(data));
      if (job === undefined) continue;
      job.deliveries = deliveries;
      queue.bySeq.set(seq, job);
      if (queue.maxDeliveries > 0 && deliveries > queue.maxDeliveries)
        this.#stage.say("a job delivered for want of a grave");
      if (deliveries > 1) this.#stage.say("a job delivered again");
    }
  }

  async #ack(queue: JobQueue, node: string, most: number): Promise<string> {
    const seqs = this.#certain(queue, node).slice(0, most);
    if (seqs.length === 0) return "none";
    const jobs = this.#asked(queue, seqs);
    const before = jobs.map((job) => ({ ...job }));
    for (const job of jobs) job.is = "maybe";
    const result = await this.#told(() => this.#queues.ack(queue.name, { node, seqs, leaseIds: undefined }));
    this.#settle(jobs, result, "gone", "there", before);
    if (typeof result === "string") return result;
    held(queue.name, node, "ack", result.skipped);
    return `${seqs.length} ok`;
  }

  async #nack(queue: JobQueue, node: string, most: number, delayMs: number): Promise<string> {
    const seqs = this.#certain(queue, node).slice(0, most);
    if (seqs.length === 0) return "none";
    this.#asked(queue, seqs);
    const askedMs = this.#nowMs;
    const result = await this.#told(() => this.#queues.nack(queue.name, { node, seqs, leaseIds: undefined, delayMs }));
    if (typeof result === "string") return result;
    held(queue.name, node, "nack", result.skipped);
    if (delayMs > 0) for (const seq of seqs) queue.ledger.delayed(seq, askedMs + delayMs);
    return `${seqs.length} ok`;
  }

  async #extend(queue: JobQueue, node: string, leaseMs: number): Promise<string> {
    const seqs = this.#certain(queue, node);
    if (seqs.length === 0) return "none";
    const before = seqs.map((seq) => queue.ledger.held.get(seq)!);
    this.#asked(queue, seqs);
    const askedMs = this.#nowMs;
    const leaseIds = before.map(({ leaseId }) => leaseId);
    const result = await this.#told(() => this.#queues.extend(queue.name, { node, seqs, leaseIds, leaseMs }));
    if (typeof result === "string") return result;
    held(queue.name, node, "extend", result.skipped);
    for (const [at, seq] of seqs.entries())
      queue.ledger.extended(seq, { ...before[at], untilMs: askedMs + leaseMs, settled: false });
    return `${seqs.length} ok`;
  }

  /** Somebody whose lease another one has taken over wants to settle the job. */
  async #comeLate(queue: JobQueue): Promise<string> {
    const lease = this.#late.findLast(({ queue: name, node, seq }) => {
      const now = name === queue.name ? queue.ledger.held.get(seq) : undefined;
      return now !== undefined && now.node !== node && now.untilMs > this.#nowMs + marginMs;
    });
    if (lease === undefined) return "none";
    const { node, seq } = lease;
    const result = await this.#told(() => this.#queues.ack(queue.name, { node, seqs: [seq], leaseIds: undefined }));
    if (typeof result === "string") return result;
    notHeld(queue.name, node, "ack", result.acked);
    this.#stage.say("an ack by who had lost the lease");
    return "refused";
  }

  #stream(queue: JobQueue, node: string, max: number, leaseMs: number): string {
    const seqs = new Set<number>();
    const sink = {
      isReady: true,
      push: (job: ClaimedJob): void => {
        seqs.add(job.seq);
        try {
          const askedMs = Math.min(this.#nowMs, job.deadlineMs - leaseMs);
          // With the connection its leases end, and so they do with the process.
          this.#took(queue, { node, max: 1, leaseMs, askedMs, durable: false }, [job]);
        } catch (error) {
          this.#machine.bug(error);
        }
      },
      // The server is about to stop.
      end: (): void => queue.ledger.asked([...seqs]),
    };
    try {
      const work = this.#queues.work(queue.name, { node, max, leaseMs }, sink);
      this.#streams.push({ queue: queue.name, work, seqs });
      work.drained();
    } catch (error) {
      if (error instanceof TopicsError) return error.code;
      throw error;
    }
    return "ok";
  }

  /** What the stream still held is anybody's; what others of the same name hold is not. */
  #hangUp(queue: JobQueue): string {
    const own = this.#streams.filter((stream) => stream.queue === queue.name);
    const at = this.#streams.indexOf(own.find(({ seqs }) => seqs.size > 0) ?? own[0]);
    if (at < 0) return "none";
    const [{ work, seqs }] = this.#streams.splice(at, 1);
    queue.ledger.asked([...seqs]);
    work.close();
    if (this.#streams.some((stream) => stream.queue === queue.name)) this.#stage.say("one of several streams closed");
    return `${seqs.size} released`;
  }

  async #redrive(limit: number): Promise<string> {
    const { jobs } = this.#stage.oracle;
    // Nobody can be told which they are before they are back.
    for (const { name } of jobs.queues) jobs.forgetDeliveries(name);
    const request = { to: undefined, limit, mayMoveTo: () => true };
    const result = await this.#told(() => this.#queues.redrive(deadJobs, request));
    for (const { name } of jobs.queues) jobs.forgetDeliveries(name);
    if (typeof result === "string") return result;
    if (result.redriven > 0) this.#stage.say("dead letters on their way back");
    return `${result.redriven} back`;
  }

  /** From both queues at once, jobs of the same seqs among them. */
  async #bury(queue: JobQueue): Promise<string> {
    const other = this.#stage.oracle.jobs.queue(second);
    if (queue.name !== first || other?.isThere !== true) return "none";
    return this.#stage.turns.alone(second, async () => {
      for (let round = 0; round < buryRounds; round++) {
        await Promise.all([queue, other].map((one) => this.#claim(one, "digger", 1000, shortestLeaseMs)));
        await this.rest(shortestLeaseMs + marginMs);
      }
      return "ok";
    });
  }

  /** Behind all leases and delays everything can be claimed. */
  async #sweep(queue: JobQueue): Promise<string> {
    for (const { work, queue: name, seqs } of this.#streams.splice(0)) {
      this.#stage.oracle.jobs.queue(name)?.ledger.asked([...seqs]);
      work.close();
    }
    await this.rest(longestLeaseMs + 500);
    const told = await this.#claim(queue, "sweeper", 1000, shortestLeaseMs);
    if (!/ of /.test(told) || !this.#stage.isHealthy) return told;
    const seqs = new Set([...queue.ledger.held].filter(([, { node }]) => node === "sweeper").map(([seq]) => seq));
    const claimed = new Set([...seqs].map((seq) => queue.bySeq.get(seq)?.data ?? ""));
    const { records } = await observeTopic(this.#machine.door, queue.name);
    allClaimed(
      queue.name,
      records.map(({ data }) => data),
      claimed,
    );
    this.#stage.say("a queue swept");
    return told;
  }

  /** What the node certainly holds. */
  #certain({ ledger }: JobQueue, node: string): number[] {
    return ledger.heldBy(node, this.#nowMs + marginMs).sort((a, b) => a - b);
  }

  /** Until it is answered nothing is certain about these. */
  #asked(queue: JobQueue, seqs: readonly number[]): Job[] {
    queue.ledger.asked(seqs);
    if (queue.leasesDurable) queue.ledger.mayLease(seqs);
    return seqs.flatMap((seq) => queue.bySeq.get(seq) ?? []);
  }

  #settle(jobs: readonly Job[], result: unknown, done: Job["is"], refused: Job["is"], before?: readonly Job[]): void {
    for (const [at, job] of jobs.entries()) {
      if (result === "unknown") continue;
      job.is = typeof result === "string" ? refused : done;
      job.kept = typeof result === "string" && (before?.[at]?.kept ?? true);
    }
  }

  get #nowMs(): number {
    return this.#machine.nowMs;
  }

  /** The answer, or the code of the error: `unknown` where it may have happened. */
  async #told<T>(call: () => Promise<T>): Promise<T | string> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof TopicsError)) throw error;
      return error.detail?.["outcome"] === "unknown" ? "unknown" : error.code;
    }
  }
}

const shops = new WeakMap<Machine, Shop>();
