/** What a topic lives in, in a test: a clock and a log that stand still until told otherwise. */
import { portableSlicer } from "../../base/json-slice.ts";
import { defaultBatchLimits, maxIdempotencyKeyBytes } from "../../base/limits.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import type { TimerHandle, Timers } from "../../env/env.ts";
import type { TopicAppendResult } from "../append.ts";
import { BlockPool } from "../block-pool.ts";
import { defaultConfig, type TopicConfig } from "../config.ts";
import type { Quota } from "../contents.ts";
import type { TopicClock, TopicDeps } from "../instance.ts";
import type { ReadRequest, ReadResult, Tombstone } from "../read.ts";
import { Topic } from "../topic.ts";
import { FakeLog } from "./fake-log.ts";

export class FakeClock implements TopicClock, Timers {
  ms: number;
  #stamp = 0;
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];

  constructor(ms = 1_700_000_000_000) {
    this.ms = ms;
  }

  nowMs(): number {
    return this.ms;
  }

  monotonicMs(): number {
    return this.ms;
  }

  nextStamp(): number {
    this.#stamp = Math.max(this.#stamp + 1, this.ms * 1000);
    return this.#stamp;
  }

  get timers(): number {
    return this.#timers.length;
  }

  after(delayMs: number, callback: () => void): TimerHandle {
    const timer = { atMs: this.ms + delayMs, callback };
    this.#timers.push(timer);
    return timer;
  }

  clear(timer: TimerHandle): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }

  soon(callback: () => void): void {
    queueMicrotask(callback);
  }

  advance(byMs: number): void {
    this.ms += byMs;
    for (const timer of this.#timers.filter(({ atMs }) => atMs <= this.ms)) {
      this.clear(timer);
      timer.callback();
    }
  }
}

export class FakeQuota implements Quota {
  maxKeys = 1000;
  keys = 0;
  records = 0;
  bytes = 0;

  reserveKey(): boolean {
    if (this.keys >= this.maxKeys) return false;
    this.keys++;
    return true;
  }

  adoptKey(): void {
    this.keys++;
  }

  releaseKey(): void {
    this.keys--;
  }

  addLive(records: number, bytes: number): void {
    this.records += records;
    this.bytes += bytes;
  }
}

export class World implements TopicDeps {
  readonly log = new FakeLog();
  readonly clock = new FakeClock();
  readonly quota = new FakeQuota();
  readonly blocks = new BlockPool();
  readonly heads: number[] = [];
  readonly events = { headMoved: (_id: number, head: number): void => void this.heads.push(head) };

  get timers(): Timers {
    return this.clock;
  }

  /** A topic whose creation is synced; from then on the log does as `pace` says. */
  async topic(config: Partial<TopicConfig> = {}, pace: FakeLog["pace"] = "synced"): Promise<Topic> {
    const { topic, created } = Topic.create({ id: 7, epoch: 1, name: "t" }, { ...defaultConfig, ...config }, this);
    this.log.sync();
    await created;
    this.log.pace = pace;
    return topic;
  }

  /** The topic as a new process would find it. */
  replayed(deps: TopicDeps = this.elsewhere()): Topic {
    const [first, ...rest] = this.log.frames;
    const outcome = Topic.fromCreate(first.fields, first.payload, deps);
    if (!outcome.ok) throw new Error(outcome.reason);
    for (const { fields, payload } of rest) {
      const replayed = outcome.topic.replay(fields, payload);
      if (!replayed.ok) throw new Error(replayed.reason);
    }
    return outcome.topic;
  }

  /** The same clock, and nothing else that is shared. */
  elsewhere(): World {
    const world = new World();
    Object.defineProperty(world, "clock", { value: this.clock });
    return world;
  }
}

export interface TestRecord {
  readonly data: unknown;
  readonly tag?: string;
  readonly node?: string;
  readonly meta?: unknown;
}

export function batchOf(records: readonly TestRecord[] | string, node?: string): RecordBatch {
  const text = typeof records === "string" ? records : JSON.stringify({ records, node });
  const bytes = Buffer.from(text);
  const slicing = portableSlicer.begin(bytes, { ...defaultBatchLimits, maxKeyBytes: maxIdempotencyKeyBytes });
  while (!slicing.step(1 << 20));
  return slicing.result().batch;
}

export function records(count: number, from = 1): TestRecord[] {
  return Array.from({ length: count }, (_, i) => ({ data: from + i }));
}

export function append(
  topic: Topic,
  what: readonly TestRecord[],
  options: { readonly key?: string; readonly node?: string } = {},
): Promise<TopicAppendResult> {
  return topic.append({ batch: batchOf(what, options.node), idempotencyKey: options.key, disableBackpressure: false });
}

export const readAll: ReadRequest = {
  fromSeq: 0,
  limit: 1000,
  maxBytes: 1 << 23,
  nodes: [],
  includeTags: false,
  includeMeta: true,
  includeData: true,
  match: undefined,
  waitMs: 0,
  signal: undefined,
};

export interface TestPage {
  readonly seqs: readonly number[];
  readonly records: readonly Record<string, unknown>[];
  readonly next: number;
  readonly head: number;
  readonly earliest: number;
  readonly caughtUp: boolean;
  readonly tombstone: Tombstone | undefined;
}

export function pageOf(result: ReadResult): TestPage {
  const text = result.slices.map((slice) => Buffer.from(slice).toString()).join(",");
  const found = JSON.parse(`[${text}]`) as Record<string, unknown>[];
  if (found.length !== result.count) throw new Error("a page holds as many records as it says");
  const page = {
    seqs: found.map((record) => record["$seq"] as number),
    records: found,
    next: result.nextFromSeq,
    head: result.headSeq,
    earliest: result.earliestSeq,
    caughtUp: result.caughtUp,
    tombstone: result.tombstone,
  };
  result.release();
  return page;
}

export function readPage(topic: Topic, request: Partial<ReadRequest> = {}): TestPage {
  return pageOf(topic.readNow({ ...readAll, ...request }));
}

/** Lets everything run that waits for nothing but its turn. */
export async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}
