/** Runs of a server on a simulated disk, one after another: the same seeds, the same bytes. */
import { assert } from "../../src/base/assert.ts";
import { openEngine, type RunningEngine } from "../../src/engine/engine.ts";
import type { EngineEvent } from "../../src/engine/events.ts";
import { defaultStorageConfig, type StorageConfig } from "../../src/engine/storage-config.ts";
import type { Env } from "../../src/env/env.ts";
import type { TopicConfigPatch } from "../../src/topic/config.ts";
import { defaultWalConfig } from "../../src/wal/config.ts";
import { SimulatedDisk } from "../../sim/disk/disk.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { SimEnv } from "../../sim/sim-env.ts";
import { appendRequest } from "../engine-run.ts";
import type { FixtureFiles } from "./fixture.ts";

export interface StartOptions {
  readonly directory: string;
  /** Asked for; without it a directory keeps the number it has, and a fresh one gets 1. */
  readonly shards?: number;
  readonly storage?: Partial<StorageConfig>;
  readonly events?: (event: EngineEvent) => void;
}

/** Locked, with a manifest, and not recovered. WAL files are as small as they can be. */
export function openSmall(env: Env, options: StartOptions): Promise<RunningEngine> {
  const { directory, shards, storage, events } = options;
  return openEngine(
    env,
    {
      directory,
      shards: shards ?? 1,
      shardsAsked: shards !== undefined,
      wal: { ...defaultWalConfig, fileBytes: 64 << 10 },
      storage: { ...defaultStorageConfig, reserveBytes: 64 << 10, ...storage },
      maxTopics: 0,
      maxIdempotencyKeys: 0,
    },
    {
      events: events ?? (() => undefined),
      crash: (error) => {
        throw error;
      },
    },
  );
}

export const dataDirectory = "/fixture/data";
export const coldDirectory = "/fixture/cold";
const root = "/fixture/";
/** Before any clock that will ever open it. */
const firstMs = Date.UTC(2026, 0, 1);

export class SimulatedRun {
  readonly engine: RunningEngine;
  readonly events: EngineEvent[];
  readonly #scheduler: Scheduler;
  readonly #disk: SimulatedDisk;

  private constructor(engine: RunningEngine, events: EngineEvent[], scheduler: Scheduler, disk: SimulatedDisk) {
    this.engine = engine;
    this.events = events;
    this.#scheduler = scheduler;
    this.#disk = disk;
  }

  static blankDisk(): SimulatedDisk {
    return new SimulatedDisk({ directories: ["/fixture", dataDirectory, coldDirectory] });
  }

  /** `number` counts the runs of one directory. */
  static async start(
    disk: SimulatedDisk,
    number: number,
    options: Omit<StartOptions, "directory"> = {},
  ): Promise<SimulatedRun> {
    const scheduler = new Scheduler({ seed: number, wallMs: firstMs + number * 3_600_000 });
    const events: EngineEvent[] = [];
    const env = new SimEnv({ disk, scheduler, seed: number });
    const engine = await scheduler.settle(
      openSmall(env, { ...options, directory: dataDirectory, events: (event) => events.push(event) }),
    );
    await scheduler.settle(engine.recover());
    return new SimulatedRun(engine, events, scheduler, disk);
  }

  settle<T>(work: Promise<T>): Promise<T> {
    return this.#scheduler.settle(work);
  }

  pass(ms: number): Promise<void> {
    return this.#scheduler.pass(ms);
  }

  async configure(topic: string, patch: TopicConfigPatch): Promise<void> {
    await this.settle(this.engine.configureTopic(topic, patch, "put"));
  }

  async append(topic: string, body: unknown): Promise<void> {
    await this.settle(this.engine.append(topic, appendRequest(body)));
  }

  async deleteBefore(topic: string, beforeSeq: number): Promise<void> {
    await this.settle(this.engine.deleteRecords(topic, { beforeSeq, match: undefined }));
  }

  async deleteTagged(topic: string, tag: string): Promise<void> {
    const match = tag.endsWith("*")
      ? ({ op: "Glob", prefix: tag.slice(0, -1) } as const)
      : ({ op: "Eq", value: tag } as const);
    await this.settle(this.engine.deleteRecords(topic, { beforeSeq: undefined, match }));
  }

  /** Lets time go by until something has happened so often. */
  async until(type: EngineEvent["type"], times = 1): Promise<void> {
    for (let waited = 0; this.count(type) < times; waited++) {
      assert(waited < 600, `${type} comes ${times} times: ${this.count(type)}`);
      await this.pass(100);
    }
  }

  count(type: EngineEvent["type"]): number {
    return this.events.filter((event) => event.type === type).length;
  }

  async stop(): Promise<void> {
    assert(await this.settle(this.engine.close(10_000)), "a quiet engine closes in time");
    this.#disk.kill();
  }

  kill(): void {
    this.#disk.kill();
  }
}

/** Everything on a disk, by path below the root. */
export function filesOf(disk: SimulatedDisk): FixtureFiles {
  disk.checkRules();
  return new Map(disk.files().map((path) => [path.slice(root.length), disk.contents(path)]));
}
