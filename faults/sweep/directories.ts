/**
 * Small data directories with something of everything in them (spec 9.2): every commit class, batches, keys, deletes,
 * eviction, changes of configuration, a topic that is gone, a hole, several files per shard. Made by the real engine on a
 * simulated disk, and left as a running server, an idle one, or a clean stop would leave them.
 */
import { assert } from "../../src/base/assert.ts";
import type { StorageConfig } from "../../src/engine/storage-config.ts";
import type { RunningEngine } from "../../src/engine/engine.ts";
import type { CommitClass } from "../../src/topic/config.ts";
import { SimulatedDisk } from "../../sim/disk/disk.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { SimEnv } from "../../sim/sim-env.ts";
import { appendRequest, startEngine } from "../engine-run.ts";
import { Image } from "./image.ts";

export type Ending =
  /** Killed right behind the last ack: nothing says yet that it is synced. */
  | "busy"
  /** Killed when all was quiet: each shard's mark is written. */
  | "idle"
  /** Stopped in order. */
  | "clean";

export interface Made {
  readonly image: Image;
  /** The directory as it was before the last run, and in the middle of it: older copies of its files. */
  readonly earlier: readonly Image[];
  readonly bootId: string;
  readonly wallMs: number;
  /** Where older segments are. */
  readonly cold?: string;
}

const directory = "/data";
const classes: readonly CommitClass[] = ["ephemeral", "memory", "disk", "fsync"];

/** One run of a server on a disk. */
class Run {
  readonly engine: RunningEngine;
  readonly scheduler: Scheduler;

  private constructor(engine: RunningEngine, scheduler: Scheduler) {
    this.engine = engine;
    this.scheduler = scheduler;
  }

  static async start(
    disk: SimulatedDisk,
    number: number,
    shards: number,
    storage: Partial<StorageConfig> = {},
  ): Promise<Run> {
    const scheduler = new Scheduler({ seed: number, wallMs: Date.UTC(2030, 0, 1) + number * 60_000 });
    const env = new SimEnv({ disk, scheduler, seed: number });
    const engine = await scheduler.settle(startEngine(env, { directory, shards, storage }));
    await scheduler.settle(engine.recover());
    return new Run(engine, scheduler);
  }

  settle<T>(work: Promise<T>): Promise<T> {
    return this.scheduler.settle(work);
  }

  async append(topic: string, body: unknown): Promise<void> {
    await this.settle(this.engine.append(topic, appendRequest(body)));
  }
}

/** A few KiB: a chain of files that were begun by restarts, one of them after a power loss. */
export async function smallDirectory(ending: Ending, shards = 2): Promise<Made> {
  let disk = new SimulatedDisk({ directories: [directory] });
  const first = await Run.start(disk, 1, shards);
  for (const durability of classes) {
    await first.settle(first.engine.configureTopic(durability, { durability }, "put"));
    await first.append(durability, { records: [{ data: { of: durability }, tag: "a", node: "n1", meta: { k: 1 } }] });
    await first.append(durability, { records: [{ data: 1 }, { data: "é", tag: "b" }], idempotency_key: "key" });
  }
  await first.append("gone", { records: [{ data: "with its topic" }] });
  await first.settle(first.engine.deleteTopic("gone", false));
  await first.scheduler.pass(1000);
  await first.append("disk", { records: [{ data: "lost with the power" }] });
  disk.kill();
  disk = disk.powerLoss("none");
  const beforeSecond = await Image.of(disk, directory);

  const second = await Run.start(disk, 2, shards);
  await second.settle(second.engine.configureTopic("disk", { durability: "disk", capRecords: 4 }, "put"));
  await second.append("disk", { records: Array.from({ length: 4 }, (_, i) => ({ data: i, tag: `t${i % 2}` })) });
  await second.settle(second.engine.deleteRecords("fsync", { beforeSeq: 2, match: undefined }));
  const match = { op: "Eq", value: "t1" } as const;
  await second.settle(second.engine.deleteRecords("disk", { beforeSeq: undefined, match }));
  disk.kill();
  const beforeLast = await Image.of(disk, directory);

  const last = await Run.start(disk, 3, shards);
  for (const topic of ["memory", "disk"]) await last.append(topic, { records: [{ data: { last: topic } }] });
  const middle = await Image.of(disk, directory);
  await last.append("fsync", { records: [{ data: ["the", "last"], tag: "z" }] });
  return finish(disk, last, ending, [beforeSecond, beforeLast, middle]);
}

/** Some hundred KiB: files that filled up and were rotated. */
export async function rotatedDirectory(ending: Ending, shards = 2): Promise<Made> {
  const disk = new SimulatedDisk({ directories: [directory] });
  const run = await Run.start(disk, 1, shards);
  const earlier: Image[] = [];
  for (const durability of ["disk", "fsync"] as const)
    await run.settle(run.engine.configureTopic(durability, { durability }, "put"));
  for (let batch = 0; batch < 30; batch++) {
    const records = Array.from({ length: 40 }, (_, i) => ({
      data: { batch, i, text: "x".repeat((batch * 7 + i) % 90) },
      tag: `t${i % 5}`,
    }));
    await run.append(batch % 3 === 0 ? "disk" : "fsync", { records });
    if (batch % 10 === 5) earlier.push(await Image.of(disk, directory));
  }
  return finish(disk, run, ending, earlier);
}

/**
 * Records that have left memory: segments of one topic and of several, `.del` files, two checkpoints; some of the log that
 * the records came in is retired, so that nothing else has them, and some of it is not.
 */
export function storedDirectory(ending: Ending, shards = 2): Promise<Made> {
  return stored(ending, shards, undefined);
}

/** The same, with the older segments in a cold directory. */
export async function coldDirectory(ending: Ending, shards = 2): Promise<Made> {
  const made = await stored(ending, shards, "/cold");
  assert(made.image.paths.filter((path) => /^\/cold\/.*\.seg$/.test(path)).length > 2, "segments have moved");
  return { ...made, cold: "/cold" };
}

async function stored(ending: Ending, shards: number, cold: string | undefined): Promise<Made> {
  const disk = new SimulatedDisk({ directories: [directory, ...(cold === undefined ? [] : [cold])] });
  const storage = {
    segmentMaxRecords: 8,
    checkpointMs: 1000,
    cacheBytes: 0,
    coldDirectory: cold,
    hotRetainSegments: cold === undefined ? 0 : 1,
  };
  const earlier: Image[] = [];
  const names = ["few-1", "few-2", "few-3", "few-4", "disk", "fsync"];
  const first = await Run.start(disk, 1, shards, { ...storage, tailBytes: 4096 });
  for (const name of names) {
    await first.settle(first.engine.configureTopic(name, { durability: name === "fsync" ? "fsync" : "disk" }, "put"));
    const records = Array.from({ length: name.startsWith("few") ? 3 : 16 }, (_, i) => ({
      data: { of: name, i },
      tag: ["a", "t1", "t2"][i % 3],
      ...(i % 4 === 0 ? { node: "n1", meta: { i } } : {}),
    }));
    for (let at = 0; at < records.length; at += 8)
      await first.append(name, { records: records.slice(at, at + 8), idempotency_key: `${name}-${at}` });
  }
  await first.scheduler.pass(1500);
  await first.settle(first.engine.deleteRecords("disk", { beforeSeq: undefined, match: { op: "Eq", value: "t1" } }));
  await first.settle(first.engine.deleteRecords("fsync", { beforeSeq: 3, match: undefined }));
  await first.scheduler.pass(1500);
  earlier.push(await Image.of(disk, directory));
  disk.kill();
  for (const number of [2, 3]) {
    const run = await Run.start(disk, number, shards, storage);
    for (const name of names.slice(4))
      await run.append(name, {
        records: Array.from({ length: 8 }, (_, i) => ({ data: [number, i], tag: `t${i % 3}` })),
      });
    const match = { op: "Glob", prefix: "t" } as const;
    await run.settle(run.engine.deleteRecords("fsync", { beforeSeq: 10, match }));
    await run.scheduler.pass(1500);
    earlier.push(await Image.of(disk, directory));
    if (number === 2) disk.kill();
    else {
      await run.append("few-1", { records: [{ data: "in the tail", tag: "a" }] });
      return finish(disk, run, ending, earlier);
    }
  }
  throw new Error("the last run ends it");
}

async function finish(disk: SimulatedDisk, run: Run, ending: Ending, earlier: readonly Image[]): Promise<Made> {
  if (ending === "idle") await run.scheduler.pass(2000);
  if (ending === "clean") assert(await run.settle(run.engine.close(10_000)), "a quiet engine closes in time");
  disk.kill();
  disk.checkRules();
  const wallMs = run.scheduler.clock.wallMs();
  return { image: await Image.of(disk, directory), earlier, bootId: disk.bootId, wallMs };
}
