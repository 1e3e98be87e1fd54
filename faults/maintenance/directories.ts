/**
 * Data directories with everything that a long-running server leaves (spec 6.3, 6.4): several segment files, delete files,
 * two checkpoints, a log behind them, evictions, a topic that is gone. Made by the real engine on a simulated disk.
 */
import { assert } from "../../src/base/assert.ts";
import type { RunningEngine } from "../../src/engine/engine.ts";
import { SimulatedDisk } from "../../sim/disk/disk.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { SimEnv } from "../../sim/sim-env.ts";
import { appendRequest, startEngine } from "../engine-run.ts";
import type { Ending, Made } from "../sweep/directories.ts";
import { Image } from "../sweep/image.ts";

const directory = "/data";

/** Tails are sealed after a few records, and checkpoints written after a little log. */
export const smallStorage = { segmentMaxRecords: 30, segmentMaxBytes: 64 << 10, checkpointBytes: 12 << 10 } as const;

export interface SealedOptions {
  readonly ending: Ending;
  readonly shards?: number;
  /** Rounds of appends, each some twenty records in three topics. */
  readonly rounds?: number;
  readonly cold?: string;
}

export async function sealedDirectory(options: SealedOptions): Promise<Made> {
  const { disk, wallMs } = await sealedDisk(options);
  return { image: await Image.of(disk, directory), earlier: [], bootId: disk.bootId, wallMs };
}

/** The same, on the disk that it was made on, `cold` directory and all. */
export async function sealedDisk(options: SealedOptions): Promise<{ disk: SimulatedDisk; wallMs: number }> {
  const { ending, shards = 2, rounds = 12, cold } = options;
  const disk = new SimulatedDisk({ directories: [directory] });
  const scheduler = new Scheduler({ seed: 1, wallMs: Date.UTC(2030, 0, 1) });
  const env = new SimEnv({ disk, scheduler, seed: 1 });
  const settle = <T>(work: Promise<T>): Promise<T> => scheduler.settle(work);
  const storage = { ...smallStorage, coldDirectory: cold, hotRetainSegments: 1 };
  const engine = await settle(startEngine(env, { directory, shards, fileBytes: 64 << 10, storage }));
  await settle(engine.recover());
  await fill(engine, settle, scheduler, rounds);
  await settle(engine.append("orders", appendRequest({ records: [{ data: "in the tail", tag: "t0" }] })));
  await settle(engine.append("audit", appendRequest({ records: [{ data: "in the tail" }], idempotency_key: "k" })));
  if (ending === "idle") await scheduler.pass(300);
  if (ending === "clean") assert(await settle(engine.close(10_000)), "a quiet engine closes in time");
  disk.kill();
  disk.checkRules();
  return { disk, wallMs: scheduler.clock.wallMs() };
}

async function fill(
  engine: RunningEngine,
  settle: <T>(work: Promise<T>) => Promise<T>,
  scheduler: Scheduler,
  rounds: number,
): Promise<void> {
  await settle(engine.configureTopic("audit", { durability: "fsync" }, "put"));
  await settle(engine.configureTopic("capped", { capRecords: 50 }, "put"));
  await settle(engine.configureTopic("sensor", { durability: "ephemeral" }, "put"));
  await settle(engine.append("gone", appendRequest({ records: [{ data: "with its topic" }] })));
  for (let round = 0; round < rounds; round++) {
    for (const topic of ["orders", "audit", "capped", "sensor"]) {
      const records = Array.from({ length: 20 }, (_, i) => ({
        data: { topic, round, i, text: "x".repeat((round * 7 + i) % 60) },
        tag: `t${(round + i) % 4}`,
        ...(i % 5 === 0 ? { node: "n1", meta: { i } } : {}),
      }));
      await settle(engine.append(topic, appendRequest({ records })));
    }
    if (round % 4 === 2) {
      const match = { op: "Eq", value: `t${round % 4}` } as const;
      await settle(engine.deleteRecords("orders", { beforeSeq: undefined, match }));
    }
    if (round === 5) await settle(engine.deleteRecords("audit", { beforeSeq: 31, match: undefined }));
    if (round === 6) await settle(engine.deleteTopic("gone", false));
    await scheduler.pass(600);
  }
}
