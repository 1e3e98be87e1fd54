/** An engine on a directory, in this process, as the server would run it; and what scenarios do with one. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { portableSlicer } from "../../src/base/json-slice.ts";
import { defaultBatchLimits, maxBatchBytes, maxIdempotencyKeyBytes } from "../../src/base/limits.ts";
import type { Predicate } from "../../src/base/predicate.ts";
import type { RecordBatch } from "../../src/base/record-batch.ts";
import { keepHeapSmall } from "../../src/cli/heap.ts";
import { openEngine, type RunningEngine } from "../../src/engine/engine.ts";
import type { EngineEvent } from "../../src/engine/events.ts";
import { defaultStorageConfig, type StorageConfig } from "../../src/engine/storage-config.ts";
import { nodeEnv } from "../../src/env/node-env.ts";
import type { ReadRequest } from "../../src/topic/read.ts";
import { defaultWalConfig } from "../../src/wal/config.ts";
import { Dice, payload } from "../requests.ts";

export interface OpenOptions {
  readonly directory: string;
  readonly shards?: number;
  readonly storage?: Partial<StorageConfig>;
}

/** The engine reads its configuration whenever it looks: a scenario may change what is due. */
export type Adjustable = { -readonly [Key in keyof StorageConfig]: StorageConfig[Key] };

type EventOf<Type extends EngineEvent["type"]> = Extract<EngineEvent, { readonly type: Type }>;

export class Opened {
  readonly engine: RunningEngine;
  readonly config: Adjustable;
  /** From the lock to ready. */
  readonly openMs: number;
  readonly #events: EngineEvent[];

  private constructor(engine: RunningEngine, config: Adjustable, openMs: number, events: EngineEvent[]) {
    this.engine = engine;
    this.config = config;
    this.openMs = openMs;
    this.#events = events;
  }

  static async open({ directory, shards = 2, storage = {} }: OpenOptions): Promise<Opened> {
    keepHeapSmall();
    const config: Adjustable = { ...defaultStorageConfig, ...storage };
    const events: EngineEvent[] = [];
    const started = performance.now();
    const engine = await openEngine(
      nodeEnv(),
      {
        directory,
        shards,
        shardsAsked: false,
        wal: defaultWalConfig,
        storage: config,
        maxTopics: 0,
        maxIdempotencyKeys: 0,
      },
      { events: (event) => note(events, event), crash: fail },
    );
    await engine.recover();
    return new Opened(engine, config, performance.now() - started, events);
  }

  count(type: EngineEvent["type"]): number {
    return this.#events.filter((event) => event.type === type).length;
  }

  all<Type extends EngineEvent["type"]>(type: Type): EventOf<Type>[] {
    return this.#events.filter((event): event is EventOf<Type> => event.type === type);
  }

  /** Waits for more of a kind of event. */
  async until(type: EngineEvent["type"], more = 1): Promise<void> {
    const wanted = this.count(type) + more;
    const deadline = performance.now() + 300_000;
    while (this.count(type) < wanted) {
      if (performance.now() > deadline) throw new Error(`${type} did not come`);
      await sleep(5);
    }
  }

  append(topic: string, batch: RecordBatch): Promise<{ readonly lastSeq: number }> {
    const request = {
      batch,
      idempotencyKey: undefined,
      create: undefined,
      config: undefined,
      disableBackpressure: true,
    };
    return this.engine.append(topic, request);
  }

  /** Milliseconds that the clean stop took. */
  async close(): Promise<number> {
    const started = performance.now();
    if (!(await this.engine.close(60_000))) throw new Error("it did not stop in time");
    return performance.now() - started;
  }
}

/** What goes wrong must not pass for a figure. */
function note(events: EngineEvent[], event: EngineEvent): void {
  if (/failed|damaged|latched|hung/.test(event.type)) throw new Error(JSON.stringify(event));
  events.push(event);
}

function fail(error: unknown): void {
  throw error;
}

const limits = { ...defaultBatchLimits, maxKeyBytes: maxIdempotencyKeyBytes };

export function batchOf(records: readonly string[]): RecordBatch {
  const body = Buffer.from(`{"records":[${records.join(",")}]}`);
  const slicing = portableSlicer.begin(body, limits);
  while (!slicing.step(body.length));
  const { batch } = slicing.result();
  // The slicer lends its slots.
  return { ...batch, slots: batch.slots.slice() };
}

export interface BatchesOf {
  readonly batches: number;
  readonly records: number;
  readonly payloadBytes: number;
  /** By the record's number over all batches. */
  readonly tag?: (i: number) => string;
}

/** Batches with contents of their own. */
export function madeBatches({ batches, records, payloadBytes, tag }: BatchesOf): RecordBatch[] {
  const dice = new Dice(11);
  let next = 0;
  return Array.from({ length: batches }, () =>
    batchOf(
      Array.from({ length: records }, () => {
        const label = tag === undefined ? "" : `,"tag":${JSON.stringify(tag(next))}`;
        next++;
        return `{"data":${payload(dice, payloadBytes)}${label}}`;
      }),
    ),
  );
}

/** `work(i)` for every i below `total`, so many at a time. */
export async function inParallel(total: number, width: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < total) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

export function readRequest(fromSeq: number, limit: number, match?: Predicate): ReadRequest {
  return {
    fromSeq,
    limit,
    maxBytes: maxBatchBytes,
    nodes: [],
    includeTags: false,
    includeMeta: true,
    includeData: true,
    match,
    waitMs: 0,
    signal: undefined,
  };
}

/** From the front to the end; every page must begin where the one before ended. Records a second. */
export async function readInOrder(engine: RunningEngine, topic: string, total: number): Promise<number> {
  const started = performance.now();
  let [fromSeq, records] = [0, 0];
  for (;;) {
    const read = await engine.read(topic, readRequest(fromSeq, 1000));
    if (read.count > 0) expectSeq(read.slices[0], fromSeq + 1);
    records += read.count;
    fromSeq = read.nextFromSeq;
    read.release();
    if (read.caughtUp) break;
  }
  if (records !== total) throw new Error(`${records} records were read instead of ${total}`);
  return records / ((performance.now() - started) / 1000);
}

/** Ten records each, from anywhere. Reads a second. */
export async function readAtRandom(engine: RunningEngine, topic: string, head: number, reads: number): Promise<number> {
  const dice = new Dice(23);
  const started = performance.now();
  for (let i = 0; i < reads; i++) {
    const fromSeq = dice.below(head - 10);
    const read = await engine.read(topic, readRequest(fromSeq, 10));
    expectSeq(read.slices[0], fromSeq + 1);
    read.release();
  }
  return reads / ((performance.now() - started) / 1000);
}

function expectSeq(slice: Uint8Array, seq: number): void {
  const wanted = `{"$seq":${seq},`;
  const found = Buffer.from(slice.buffer, slice.byteOffset, wanted.length).toString("latin1");
  if (found !== wanted) throw new Error(`a page begins with ${found} instead of ${wanted}`);
}

/** The most memory that this process has had. */
export function peakRss(): number {
  return process.resourceUsage().maxRSS * 1024;
}

export interface DirectorySize {
  readonly files: number;
  readonly bytes: number;
  readonly segments: number;
  readonly segmentBytes: number;
  readonly deleteBytes: number;
  readonly walBytes: number;
  readonly checkpointBytes: number;
}

export async function sizeOf(directory: string): Promise<DirectorySize> {
  let [files, bytes, segments, segmentBytes, deleteBytes, walBytes, checkpointBytes] = [0, 0, 0, 0, 0, 0, 0];
  for (const name of await readdir(directory)) {
    // Removed meanwhile, perhaps.
    const size = await stat(join(directory, name)).then(
      (found) => found.size,
      () => 0,
    );
    files++;
    bytes += size;
    if (name.endsWith(".seg")) [segments, segmentBytes] = [segments + 1, segmentBytes + size];
    else if (name.endsWith(".del")) deleteBytes += size;
    else if (name.endsWith(".log")) walBytes += size;
    else if (name.endsWith(".ckpt")) checkpointBytes += size;
  }
  return { files, bytes, segments, segmentBytes, deleteBytes, walBytes, checkpointBytes };
}
