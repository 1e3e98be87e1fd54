/** How most operations begin and what they wait for. */
import { defaultStorageConfig, type StorageConfig } from "../../src/engine/storage-config.ts";
import type { EngineEvent } from "../../src/engine/events.ts";
import type { Machine } from "./machine.ts";

/** A server on a fresh directory. */
export async function started(machine: Machine): Promise<void> {
  await machine.start();
  await machine.judge("none");
}

/** A topic of either durable class, one with records, on the device: a latch finds something to be rescued. */
export async function readyToLatch(machine: Machine): Promise<void> {
  await started(machine);
  const { client } = machine;
  for (const durability of ["disk", "fsync"] as const) await machine.until(client.create(durability, durability));
  await machine.until(client.append("disk", 2));
  await machine.pass(400);
  machine.oracle.settle();
}

/** Time for a latch, and it comes, with a rescue or without. */
export async function awaitLatch(machine: Machine, rescued: boolean): Promise<void> {
  await machine.pass(500);
  expect(
    machine.events.some((event) => event.type === "wal-latched" && event.rescued === rescued),
    `the rescue ${rescued ? "succeeds" : "fails"}`,
  );
}

/** Long enough for everything to be synced and marked: the oracle may count on it. */
export async function quiet(machine: Machine): Promise<void> {
  await machine.pass(500);
  machine.oracle.settle();
}

/** What an operation counts on. */
export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the operation does not do what it is for: ${what}`);
}

/** Thresholds so low that records leave memory at once. Nothing is cached: every read of what is sealed is one of the disk. */
export function tinyStorage(patch: Partial<StorageConfig> = {}): StorageConfig {
  return {
    ...defaultStorageConfig,
    reserveBytes: 64 << 10,
    cacheBytes: 0,
    segmentMaxRecords: 4,
    checkpointMs: 1000,
    ...patch,
  };
}

/** Lets events happen until it holds, and not one more. */
export async function awaitMoment(machine: Machine, holds: () => boolean): Promise<void> {
  const { scheduler } = machine;
  await scheduler.run({ until: holds, untilMs: scheduler.clock.monotonicMs() + longestWaitMs });
}

/** Lets time go by until so many more events of a kind have happened. */
export async function awaitEvents(machine: Machine, type: EngineEvent["type"], more = 1): Promise<void> {
  const wanted = eventsOf(machine, type) + more;
  for (let waited = 0; eventsOf(machine, type) < wanted; waited += stepMs) {
    expect(waited < longestWaitMs, `${type} comes`);
    await machine.pass(stepMs);
  }
}

export function eventsOf(machine: Machine, type: EngineEvent["type"]): number {
  return machine.events.filter((event) => event.type === type).length;
}

const stepMs = 100;
const longestWaitMs = 30_000;
