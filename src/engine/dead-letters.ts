/**
 * When records are moved (spec 5): jobs that were delivered too often, to the topic that their queue names; dead letters, back
 * to where they came from; and at a start, what was promised and not kept.
 */
import { TopicsError } from "../base/errors.ts";
import type { Clock } from "../env/env.ts";
import { originOf } from "../queue/dead-letter.ts";
import type { Job } from "../queue/job.ts";
import { JobTable } from "../queue/job-table.ts";
import { defaultConfig, type TopicConfig } from "../topic/config.ts";
import { bound } from "../topic/retention.ts";
import type { Topic } from "../topic/topic.ts";
import type { EngineEvents } from "./events.ts";
import { copyKeyOf, type Move, Mover, movesPerStep } from "./mover.ts";
import type { RedriveRequest, RedriveResult } from "./queue-api.ts";

/** A queue whose dead letters could not be moved delivers them for so long before it tries again. */
const pauseMs = 1000;

export interface DeadLettersDeps {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly events: EngineEvents;
  /** A topic that may be spoken of. */
  live(name: string): Topic | undefined;
  /** The topic by that name, made with this configuration if it is not there; its creation is synced. */
  made(name: string, config: TopicConfig): Promise<Topic>;
  /** Something is claimable again. */
  wake(topicId: number): void;
}

export class DeadLetters {
  readonly #deps: DeadLettersDeps;
  readonly #mover: Mover;
  /** By topic id, on the monotonic clock. */
  readonly #pausedUntil = new Map<number, number>();
  readonly #redriving = new Map<number, Promise<unknown>>();

  constructor(deps: DeadLettersDeps) {
    this.#deps = deps;
    this.#mover = new Mover({
      destination: (move) => this.#destination(move),
      failed: ({ source, to, why }, jobs, { code }) => {
        if (why === "dead") deps.events({ type: "dead-letter-failed", topic: source.name, to, jobs, code });
      },
    });
  }

  /** As in `QueueDeps`. */
  bury(topic: Topic, table: JobTable, jobs: readonly Job[]): Promise<readonly Job[]> | undefined {
    const { deadLetter, maxDeliveries } = topic.config;
    const most = bound(maxDeliveries);
    if (deadLetter === null || most === undefined) return undefined;
    const over = jobs.filter(({ deliveries }) => deliveries >= most);
    if (over.length === 0 || this.#deps.clock.monotonicMs() < (this.#pausedUntil.get(topic.id) ?? 0)) return undefined;
    return this.#bury({ topic, table, to: deadLetter }, jobs, over);
  }

  async #bury(
    { topic, table, to }: { readonly topic: Topic; readonly table: JobTable; readonly to: string },
    jobs: readonly Job[],
    over: readonly Job[],
  ): Promise<readonly Job[]> {
    for (const job of over) job.busy = true;
    const sorted = [...over].sort((a, b) => a.seq - b.seq);
    const deliverable = new Set(jobs.filter((job) => !over.includes(job)));
    for (let at = 0; at < sorted.length; at += movesPerStep) {
      const part = sorted.slice(at, at + movesPerStep);
      const seqs = part.map(({ seq }) => seq);
      const deliveries = part.map((job) => job.deliveries);
      const { stayed } = await this.#mover.move({ source: topic, table, seqs, deliveries, to, why: "dead" });
      if (stayed.length > 0) this.#pausedUntil.set(topic.id, this.#deps.clock.monotonicMs() + pauseMs);
      const staying = new Set(stayed);
      for (const job of part) {
        if (!staying.has(job.seq)) continue;
        job.busy = false;
        if (job.state === "taken") deliverable.add(job);
      }
    }
    // In the order in which they were taken.
    return jobs.filter((job) => deliverable.has(job));
  }

  /** One at a time for each topic: two would move the same records. */
  async redrive(topic: Topic, request: RedriveRequest): Promise<RedriveResult> {
    while (this.#redriving.has(topic.id)) await this.#redriving.get(topic.id);
    const work = this.#redrive(topic, request);
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    this.#redriving.set(topic.id, settled);
    try {
      return await work;
    } finally {
      this.#redriving.delete(topic.id);
    }
  }

  async #redrive(topic: Topic, request: RedriveRequest): Promise<RedriveResult> {
    if (request.to !== undefined) this.#queueNamed(request.to, topic);
    const through = topic.headSeq;
    let redriven = 0;
    let left = 0;
    let failure: TopicsError | undefined;
    for (let cursor = 0; redriven < request.limit && failure === undefined;) {
      const wanted = Math.min(movesPerStep, request.limit - redriven);
      const step = await this.#candidates(topic, cursor, through, wanted, request);
      if (step === undefined) break;
      cursor = step.cursor;
      left += step.left;
      for (const move of step.moves) {
        const outcome = await this.#mover.move(move);
        this.#giveBack(move.table, outcome.stayed);
        redriven += outcome.moved.length;
        left += outcome.stayed.length;
        failure ??= outcome.failure;
        const to = this.#deps.live(move.to);
        if (to !== undefined) this.#deps.wake(to.id);
      }
    }
    if (redriven === 0 && failure !== undefined) throw failure;
    return { redriven, left };
  }

  /** The next records behind a cursor, in hand, by where they go; `undefined` when there are no more. */
  async #candidates(
    topic: Topic,
    from: number,
    through: number,
    wanted: number,
    request: RedriveRequest,
  ): Promise<{ readonly moves: readonly Move[]; readonly cursor: number; readonly left: number } | undefined> {
    const table = topic.jobs instanceof JobTable ? topic.jobs : undefined;
    const seqs: number[] = [];
    let cursor = from;
    let left = 0;
    table?.settle(topic.summary().earliestSeq);
    for (
      let seq = topic.nextLive(cursor);
      seq !== 0 && seq <= through && seqs.length < wanted;
      seq = topic.nextLive(seq)
    ) {
      cursor = seq;
      const state = table?.job(seq)?.state;
      // What somebody works on, or waits for, stays his.
      if (topic.isMoving(seq) || (state !== undefined && state !== "returned")) left++;
      else seqs.push(seq);
    }
    if (cursor === from) return undefined;
    for (const seq of seqs) table?.seize(seq);
    const byOrigin = new Map<string, number[]>();
    const back: number[] = [];
    try {
      for (const record of await topic.readSingles(seqs)) {
        const to = request.to ?? originOf(record);
        if (to === undefined || !this.#takes(to, topic, request)) back.push(record.seq);
        else byOrigin.set(to, [...(byOrigin.get(to) ?? []), record.seq]);
      }
    } catch (error) {
      this.#giveBack(table, seqs);
      throw error;
    }
    this.#giveBack(table, back);
    const moves = [...byOrigin].map(([to, own]): Move => ({
      source: topic,
      table,
      seqs: own,
      deliveries: own.map(() => 0),
      to,
      why: "redrive",
    }));
    return { moves, cursor, left: left + back.length };
  }

  #takes(to: string, from: Topic, { mayMoveTo }: RedriveRequest): boolean {
    const target = this.#deps.live(to);
    return target !== undefined && target !== from && target.config.type === "queue" && mayMoveTo(to);
  }

  #queueNamed(name: string, from: Topic): void {
    const target = this.#deps.live(name);
    if (target === undefined)
      throw new TopicsError("topic_not_found", `there is no topic ${name}`, { topic: name, field: "to" });
    if (target === from)
      throw new TopicsError("invalid_request", "to must be another topic than the one it moves from", { field: "to" });
    if (target.config.type !== "queue")
      throw new TopicsError("not_a_queue", `topic ${name} is a log, not a queue`, { topic: name, field: "to" });
  }

  #giveBack(table: JobTable | undefined, seqs: readonly number[]): void {
    for (const seq of seqs) {
      const job = table?.job(seq);
      if (job?.state === "taken") table!.giveBack(job);
    }
  }

  /** Before anything is served: what was promised is done, or taken back, and keys that nothing waits for are forgotten. */
  async finish(topics: () => Iterable<Topic>): Promise<void> {
    const kept = new Set<string>();
    for (const source of [...topics()]) {
      const table = source.jobs instanceof JobTable ? source.jobs : undefined;
      for (const intent of source.pendingMoves) {
        for (const seq of intent.seqs) table?.seize(seq);
        const outcome = await this.#mover.resume({ ...intent, source, table });
        this.#giveBack(table, outcome.stayed);
        const decided = new Set([...outcome.moved, ...outcome.stayed]);
        for (const seq of intent.seqs) if (!decided.has(seq)) kept.add(copyKeyOf(source, seq));
      }
      for (const { seqs } of source.pendingMoves) for (const seq of seqs) kept.add(copyKeyOf(source, seq));
    }
    for (const topic of topics()) for (const key of [...topic.copyKeys]) if (!kept.has(key)) topic.forgetCopy(key);
  }

  async #destination({ source, to, why }: Move): Promise<Topic> {
    if (why === "dead") {
      const { durability } = source.config;
      return this.#deps.live(to) ?? (await this.#deps.made(to, { ...defaultConfig, type: "queue", durability }));
    }
    const target = this.#deps.live(to);
    if (target === undefined) throw new TopicsError("topic_not_found", `there is no topic ${to}`, { topic: to });
    return target;
  }
}
