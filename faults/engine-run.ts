/**
 * An engine started in-process with small files, and the two things that cases do with it: writing as HTTP would, and
 * reading everything there is as one text that can be compared.
 */
import { defaultStorageConfig, type StorageConfig } from "../src/engine/storage-config.ts";
import { portableSlicer } from "../src/base/json-slice.ts";
import { defaultBatchLimits, maxIdempotencyKeyBytes } from "../src/base/limits.ts";
import type { AppendRequest } from "../src/engine/api.ts";
import type { EngineConfig, RoutersConfig } from "../src/engine/config.ts";
import { openEngine, type RunningEngine } from "../src/engine/engine.ts";
import type { EngineEvent } from "../src/engine/events.ts";
import type { Env } from "../src/env/env.ts";
import type { TopicConfigPatch } from "../src/topic/config.ts";
import { wholeRead } from "../src/topic/testing/whole-read.ts";
import { defaultWalConfig } from "../src/wal/config.ts";

export interface RunOptions {
  readonly directory: string;
  readonly shards?: number;
  readonly fileBytes?: number;
  readonly archiveDirectory?: string;
  readonly storage?: Partial<StorageConfig>;
  readonly routers?: RoutersConfig;
  readonly events?: (event: EngineEvent) => void;
}

/** Locked and with a manifest, but not recovered. */
export function startEngine(env: Env, options: RunOptions): Promise<RunningEngine> {
  const config: EngineConfig = {
    directory: options.directory,
    shards: options.shards ?? 2,
    shardsAsked: false,
    wal: {
      ...defaultWalConfig,
      fileBytes: options.fileBytes ?? 64 << 10,
      archiveDirectory: options.archiveDirectory,
    },
    storage: { ...defaultStorageConfig, reserveBytes: 64 << 10, ...options.storage },
    maxTopics: 1000,
    maxIdempotencyKeys: 1000,
    ...(options.routers === undefined ? {} : { routers: options.routers }),
  };
  return openEngine(env, config, {
    events: options.events ?? (() => undefined),
    crash: (error) => {
      throw error;
    },
  });
}

const limits = { ...defaultBatchLimits, maxKeyBytes: maxIdempotencyKeyBytes };

/** The request that an HTTP body makes. */
export function appendRequest(body: unknown, config?: TopicConfigPatch): AppendRequest {
  const slicing = portableSlicer.begin(Buffer.from(JSON.stringify(body)), limits);
  while (!slicing.step(1 << 20));
  const { batch, idempotencyKey, create, disableBackpressure } = slicing.result();
  return { batch, idempotencyKey, create, config, disableBackpressure };
}

/** Every topic with its numbers, and all that a reader from 0 gets: records byte for byte, and tombstones. */
export async function contentsOf(engine: RunningEngine): Promise<string> {
  const lines: string[] = [];
  for (const { topic } of engine.listTopics("", undefined, 1000, false).topics) {
    const { headSeq, earliestSeq, nextSeq, count, bytes, config } = engine.topicState(topic, false);
    const plain = Object.entries(config).map(([key, value]) => `${key}=${String(value)}`);
    lines.push(`topic ${topic} ${headSeq} ${earliestSeq} ${nextSeq} ${count} ${bytes} ${plain.join(" ")}`);
    for (let fromSeq = 0; ;) {
      const read = await engine.read(topic, { ...wholeRead, fromSeq });
      if (read.tombstone) lines.push(`  gone ${JSON.stringify(read.tombstone)}`);
      for (const slice of read.slices) lines.push(`  ${Buffer.from(slice).toString("latin1")}`);
      if (read.caughtUp || read.nextFromSeq === fromSeq) break;
      fromSeq = read.nextFromSeq;
    }
  }
  return lines.join("\n");
}

export interface WholeTopic {
  /** The text of `data` by seq. */
  readonly records: ReadonlyMap<number, string>;
  /** Both ends included. */
  readonly gaps: readonly (readonly [number, number])[];
}

/** What a reader from 0 gets, to the end; for records that have data and nothing else. */
export async function readFrom(engine: RunningEngine, topic: string): Promise<WholeTopic> {
  const records = new Map<number, string>();
  const gaps: [number, number][] = [];
  for (let fromSeq = 0; ;) {
    const read = await engine.read(topic, { ...wholeRead, fromSeq });
    if (read.tombstone) gaps.push([read.tombstone.gapFrom, read.tombstone.gapTo]);
    const text = read.slices.map((slice) => Buffer.from(slice).toString()).join(",");
    for (const [, seq, data] of text.matchAll(/\{"\$seq":(\d+),"\$ts":\d+,"data":("[^"]*"|[^{}",]*)\}/g))
      records.set(Number(seq), data);
    if (read.caughtUp || read.nextFromSeq === fromSeq) return { records, gaps };
    fromSeq = read.nextFromSeq;
  }
}
