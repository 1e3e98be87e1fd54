/** The engine without HTTP, in this process, on the real disk: what the work itself costs. */
import { defaultStorageConfig } from "../src/engine/storage-config.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { portableSlicer } from "../src/base/json-slice.ts";
import { defaultBatchLimits, maxBatchBytes, maxIdempotencyKeyBytes } from "../src/base/limits.ts";
import type { RecordBatch } from "../src/base/record-batch.ts";
import { recycleBatch } from "../src/base/slot-table.ts";
import type { AppendRequest } from "../src/engine/api.ts";
import { openEngine } from "../src/engine/engine.ts";
import type { RunningEngine } from "../src/engine/engine.ts";
import { nodeEnv } from "../src/env/node-env.ts";
import type { ReadRequest } from "../src/topic/read.ts";
import { defaultWalConfig } from "../src/wal/config.ts";
import { isQueueWork, queuePiece, queueTopic, type QueueWork } from "./queue-load.ts";
import { batchBody, Dice } from "./requests.ts";
import type { BatchShape } from "./requests.ts";
import type { Pace } from "./row.ts";

export type EngineWork = "append-bytes" | "append-batch" | "diff" | "diff-half" | QueueWork;

export interface EngineTask extends Pace {
  readonly work: EngineWork;
}

const shape: BatchShape = { records: 100, payloadBytes: 64 };
const filteredNode = "n1";
const writers = 16;
const bodies = 1024;
const preloaded = 500_000;
const limit = 1000;
const topic = "bench";
const limits = { ...defaultBatchLimits, maxKeyBytes: maxIdempotencyKeyBytes };

/** Records a second. */
export async function runEngine({ work, warmUpMs, durationMs }: EngineTask): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "topics-bench-"));
  const engine = await openEngine(
    nodeEnv(),
    {
      directory,
      shards: 1,
      shardsAsked: false,
      wal: defaultWalConfig,
      storage: defaultStorageConfig,
      maxTopics: 0,
      maxIdempotencyKeys: 0,
    },
    { events: () => undefined, crash: fail },
  );
  try {
    await engine.recover();
    await engine.configureTopic(topic, { durability: "disk" }, "put");
    const once = await prepared(engine, work);
    await repeat(once, warmUpMs);
    return await repeat(once, durationMs);
  } finally {
    await engine.close(10_000);
    await rm(directory, { recursive: true, force: true });
  }
}

function fail(error: unknown): void {
  throw error;
}

/** A piece of the work, which says how many records it was. */
type Piece = () => Promise<number>;

/** Pieces one after another for a time. */
async function repeat(once: Piece, durationMs: number): Promise<number> {
  const started = performance.now();
  let records = 0;
  for (;;) {
    records += await once();
    const elapsedMs = performance.now() - started;
    if (elapsedMs >= durationMs) return records / (elapsedMs / 1000);
  }
}

async function prepared(engine: RunningEngine, work: EngineWork): Promise<Piece> {
  const node = work === "diff-half" ? { node: filteredNode } : {};
  const made = madeBodies({ ...shape, ...node });
  if (isQueueWork(work)) return queuePiece(engine, work, (records) => produce(engine, made, records));
  switch (work) {
    case "append-bytes":
      return writing(made, (body) => appendBytes(engine, body));
    case "append-batch": {
      const batches = made.map((body) => keptBatch(slice(body)));
      return writing(batches, (batch) => appendBatch(engine, batch));
    }
    case "diff":
    case "diff-half":
      await preload(engine, made);
      return reading(engine, work === "diff-half" ? [filteredNode] : []);
  }
}

function madeBodies(of: BatchShape): Buffer[] {
  const dice = new Dice(7);
  return Array.from({ length: bodies }, () => Buffer.from(batchBody(dice, of)));
}

/** Sixteen writers at once, as HTTP connections would have it: everyone waits for its ack. */
function writing<T>(items: readonly T[], append: (item: T) => Promise<number>): Piece {
  let next = 0;
  return async () => {
    const acked: Promise<number>[] = [];
    for (let i = 0; i < writers; i++) {
      acked.push(append(items[next]));
      next = (next + 1) % items.length;
    }
    return (await Promise.all(acked)).reduce((sum, count) => sum + count, 0);
  };
}

function slice(body: Buffer): RecordBatch {
  const slicing = portableSlicer.begin(body, limits);
  while (!slicing.step(body.length));
  return slicing.result().batch;
}

/** The slicer lends its slots. */
function keptBatch(batch: RecordBatch): RecordBatch {
  return { ...batch, slots: batch.slots.slice() };
}

async function produce(engine: RunningEngine, made: readonly Buffer[], records: number): Promise<void> {
  for (let sent = 0, next = 0; sent < records; sent += shape.records) {
    const batch = slice(made[next++ % made.length]);
    await appendBatch(engine, { ...batch, count: Math.min(shape.records, records - sent) }, queueTopic);
    recycleBatch(batch);
  }
}

function appendBatch(engine: RunningEngine, batch: RecordBatch, to = topic): Promise<number> {
  const request: AppendRequest = {
    batch,
    idempotencyKey: undefined,
    create: undefined,
    config: undefined,
    disableBackpressure: true,
  };
  return engine.append(to, request).then((result) => result.count);
}

async function appendBytes(engine: RunningEngine, body: Buffer): Promise<number> {
  const batch = slice(body);
  const count = await appendBatch(engine, batch);
  recycleBatch(batch);
  return count;
}

async function preload(engine: RunningEngine, made: readonly Buffer[]): Promise<void> {
  for (let at = 0; at * shape.records < preloaded; at++) await appendBytes(engine, made[at % made.length]);
}

/** Pages from the front to the end, and again. */
function reading(engine: RunningEngine, nodes: readonly string[]): Piece {
  let fromSeq = 0;
  return async () => {
    const request: ReadRequest = {
      fromSeq,
      limit,
      maxBytes: maxBatchBytes,
      nodes,
      includeTags: false,
      includeMeta: true,
      includeData: true,
      match: undefined,
      waitMs: 0,
      signal: undefined,
    };
    const result = await engine.read(topic, request);
    const { count, nextFromSeq, caughtUp } = result;
    result.release();
    fromSeq = caughtUp ? 0 : nextFromSeq;
    return count;
  };
}
