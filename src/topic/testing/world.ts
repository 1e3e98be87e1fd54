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
import type { JobKeeper } from "../job-keeper.ts";
import type { ReadRequest, ReadResult, Tombstone } from "../read.ts";
import { Topic } from "../topic.ts";
import type { DeletedRange } from "../../segment/delete-file.ts";
import { SegmentFiles } from "../../segment/files.ts";
import { SegmentWriter } from "../../segment/writer.ts";
import type { LogPlace } from "../../wal/commit.ts";
import { PartReads } from "../part-reads.ts";
import type { PendingPart } from "../seal.ts";
import { SealedPart } from "../sealed-part.ts";
import { decodeSection } from "../section.ts";
import { FakeLog, type LoggedFrame } from "./fake-log.ts";
import { memoryEnv } from "./memory-env.ts";

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

  rest(delayMs: number, callback: () => void): void {
    this.after(delayMs, callback);
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
  maxBytes = Number.MAX_SAFE_INTEGER;
  keys = 0;
  records = 0;
  bytes = 0;
  held = 0;

  addHeld(bytes: number): void {
    this.held += bytes;
  }

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

/** Keeps nothing. */
class NoJobs implements JobKeeper {
  written(): void {}
  removed(): void {}
  accepts(): boolean {
    return true;
  }
  replay(): void {}
  delays(): unknown {
    return undefined;
  }
  capture(): unknown {
    return undefined;
  }
  restore(): boolean {
    return true;
  }
  recovered(): void {}
  clear(): void {}
}

export interface TestCheckpoint {
  readonly text: string;
  readonly from: LogPlace | undefined;
  readonly deaths: ReadonlyMap<number, DeletedRange[]>;
}

export class World implements TopicDeps {
  readonly log = new FakeLog();
  readonly clock = new FakeClock();
  readonly quota = new FakeQuota();
  readonly blocks = new BlockPool();
  readonly heads: number[] = [];
  readonly released: SealedPart[] = [];
  readonly events = {
    headMoved: (_id: number, head: number): void => void this.heads.push(head),
    damaged: (): void => undefined,
    sealDue: (): void => undefined,
    released: (part: SealedPart): void => void this.released.push(part),
  };
  env = memoryEnv({ wallMs: () => this.clock.ms, monotonicMs: () => this.clock.ms }, this.clock);
  files = new SegmentFiles(this.env, { hot: "dir", cold: undefined });
  parts = new PartReads(this.files, this.blocks, 1 << 12);
  readonly blockBytes = 250;
  readonly sealAt = { records: Infinity, bytes: Infinity };
  numbers = { next: 1 };

  /** For tests of those who keep jobs. */
  makeJobs: () => JobKeeper = () => new NoJobs();

  jobs(): JobKeeper {
    return this.makeJobs();
  }

  rescue(): Promise<boolean> {
    return Promise.resolve(false);
  }

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
    const outcome = Topic.fromCreate(first.fields, first.payload, { index: 1, position: 0 }, deps);
    if (!outcome.ok) throw new Error(outcome.reason);
    this.#replay(outcome.topic, rest, 1);
    return outcome.topic;
  }

  /** The same from a checkpoint, and the frames behind its position. */
  async resumed({ text, from, deaths }: TestCheckpoint, deps: TopicDeps = this.elsewhere()): Promise<Topic> {
    const section = decodeSection(text);
    if (section === undefined) throw new Error(`a section that can't be read: ${text}`);
    const parts = section.parts.map((one) => new SealedPart(one.entry, deps.parts, one.liveCount, one.liveBytes));
    for (const part of parts)
      for (const range of deaths.get(part.entry.file) ?? [])
        if (range.part === part.entry.ordinal && range.op <= section.op && !part.replayDeaths(range))
          throw new Error("a range that does not fit");
    const topic = Topic.fromSection(section, parts, deps);
    if (!topic.restoreJobs(section)) throw new Error("jobs that can't be read");
    const skip = from?.position ?? this.log.frames.length;
    this.#replay(topic, this.log.frames.slice(skip), skip);
    const problem = topic.concludeReplay();
    if (problem !== undefined) throw new Error(problem);
    return Promise.resolve(topic);
  }

  /** What `.del` files would hold. */
  deaths = new Map<number, DeletedRange[]>();

  /** The topic's section as a checkpoint would have it, and where its log begins. */
  captured(topic: Topic): TestCheckpoint {
    const { section, from, parts, op } = topic.capture(this.clock.ms);
    if (section === undefined) throw new Error("the topic is not there");
    for (const part of parts) {
      const ranges = this.deaths.get(part.entry.file) ?? [];
      ranges.push(...(part.takeUnsaved()?.ranges(part.entry.ordinal, this.clock.ms * 1000, op) ?? []));
      this.deaths.set(part.entry.file, ranges);
    }
    const end = { index: 1, position: this.log.submissions };
    const deaths = new Map([...this.deaths].map(([file, ranges]) => [file, [...ranges]]));
    return { text: section, from: from === undefined || from.position > end.position ? end : from, deaths };
  }

  async seal(topic: Topic, during?: () => Promise<void>): Promise<boolean> {
    const closed = topic.closeTail({ records: Infinity, bytes: Infinity });
    if (closed === undefined) return false;
    return this.#install(topic, (writer) => topic.writeTail(closed, writer), during);
  }

  async rewrite(topic: Topic, from: number, to: number, during?: () => Promise<void>): Promise<boolean> {
    const parts = topic.parts.slice(from, to);
    if (parts.length === 0) return false;
    return this.#install(topic, (writer) => topic.writeParts(parts, writer), during);
  }

  async #install(
    topic: Topic,
    write: (writer: SegmentWriter) => Promise<PendingPart | undefined>,
    during?: () => Promise<void>,
  ): Promise<boolean> {
    const file = this.numbers.next++;
    const place = { directory: "dir", directoryId: "0".repeat(32), file, stamp: this.clock.nextStamp() };
    const writer = await SegmentWriter.create(this.env, place);
    const pending = await write(writer);
    if (pending === undefined) {
      await writer.abort();
      return false;
    }
    if (pending.built !== undefined) {
      const { bytes } = await writer.finish();
      this.files.add(file, "hot", bytes);
    } else await writer.abort();
    await during?.();
    for (;;) {
      const installed = topic.install(pending);
      if (installed.outcome !== "later") return installed.outcome === "installed";
      await installed.decided;
    }
  }

  #replay(topic: Topic, frames: readonly LoggedFrame[], at: number): void {
    for (const [i, { fields, payload }] of frames.entries()) {
      const replayed = topic.replay(fields, payload, { index: 1, position: at + i });
      if (!replayed.ok) throw new Error(replayed.reason);
    }
  }

  /** The same clock and disk, and nothing else that is shared. */
  elsewhere(): World {
    const world = new World();
    Object.defineProperty(world, "clock", { value: this.clock });
    world.env = this.env;
    world.files = this.files;
    world.parts = new PartReads(this.files, world.blocks, 1 << 12);
    world.deaths = this.deaths;
    world.numbers = this.numbers;
    world.makeJobs = this.makeJobs;
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
