/**
 * What the fixtures of format 1 have in them: one history each, on a simulated disk, by the engine that wrote them. They
 * are here to say what was done; `write.ts` made the files, and no later build makes them again (README.md).
 */
import { assert } from "../../src/base/assert.ts";
import type { CommitClass } from "../../src/topic/config.ts";
import type { FixtureFiles, FixtureName } from "./fixture.ts";
import { coldDirectory, filesOf, SimulatedRun } from "./simulated-run.ts";
import type { RememberedKey } from "./state-text.ts";

export interface Scenario {
  /** For people: what the directory is, line by line. */
  readonly about: readonly string[];
  readonly keys: readonly RememberedKey[];
  readonly make: () => Promise<FixtureFiles>;
}

const classes: readonly CommitClass[] = ["ephemeral", "memory", "disk", "fsync"];
/** Whenever a fixture is opened, its keys are still remembered. */
const idempotencyWindowMs = 100 * 365 * 86_400_000;
/** Records leave memory at once. */
const small = { segmentMaxRecords: 64, checkpointMs: 1000 };

interface Made {
  readonly from: number;
  readonly count: number;
  readonly tags?: number;
  readonly textBytes?: number;
}

function records({ from, count, tags = 7, textBytes = 0 }: Made): unknown[] {
  return Array.from({ length: count }, (_, k) => {
    const i = from + k;
    return {
      data: textBytes === 0 ? { i } : { i, text: "x".repeat(textBytes) },
      ...(i % 3 === 0 ? {} : { tag: `t${i % tags}/${i % 2 === 0 ? "even" : "odd"}` }),
      ...(i % 5 === 0 ? { node: `n${i % 4}` } : {}),
      ...(i % 4 === 0 ? { meta: { of: i, é: "ü" } } : {}),
    };
  });
}

/** One in thirty is not done. */
function jobs(from: number, count: number): unknown[] {
  return Array.from({ length: count }, (_, k) => ({
    data: from + k,
    tag: (from + k) % 30 === 0 ? "stuck" : `job/${k % 9}`,
  }));
}

/** Every class, with everything that a record can carry, a batch under a key, deletes, and a topic that is gone. */
async function everyClass(run: SimulatedRun): Promise<void> {
  for (const durability of classes) {
    await run.configure(durability, { durability, idempotencyWindowMs });
    await run.append(durability, { records: records({ from: 1, count: 6 }), node: "writer" });
    await run.append(durability, { records: records({ from: 7, count: 2 }), idempotency_key: "key-1" });
  }
  await run.append("gone", { records: [{ data: "with its topic" }] });
  await run.settle(run.engine.deleteTopic("gone", false));
  await run.append("again", { records: [{ data: "before" }, { data: "it was deleted" }] });
  await run.settle(run.engine.deleteTopic("again", false));
  await run.append("again", { records: [{ data: ["made", "again"], tag: "é/ü", meta: null }] });
  await run.configure("capped", { durability: "disk", capRecords: 4, discard: "old", priority: -7 });
  await run.append("capped", { records: records({ from: 1, count: 9 }) });
  await run.configure("values", { durability: "fsync", dedupeNode: false });
  const values = [0, -1.5e-7, true, null, "", [], {}, [[], {}], '\u0000"\\/\n\u{1f600}', { $seq: 7, a: { b: [1] } }];
  await run.append("values", { records: values.map((data) => ({ data })) });
  await run.deleteBefore("fsync", 2);
  await run.deleteTagged("disk", "t2/even");
}

async function walClean(): Promise<FixtureFiles> {
  let disk = SimulatedRun.blankDisk();
  const first = await SimulatedRun.start(disk, 1);
  await everyClass(first);
  await first.pass(1000);
  await first.append("disk", { records: [{ data: "lost with the power" }] });
  first.kill();
  disk = disk.powerLoss("none");
  const second = await SimulatedRun.start(disk, 2);
  await second.append("disk", { records: [{ data: "behind a hole", tag: "t1/odd" }] });
  await second.configure("kept", { durability: "ephemeral" });
  await second.append("kept", { records: records({ from: 1, count: 3 }) });
  await second.configure("kept", { durability: "fsync" });
  await second.stop();
  return filesOf(disk);
}

async function walKilled(): Promise<FixtureFiles> {
  const disk = SimulatedRun.blankDisk();
  const run = await SimulatedRun.start(disk, 1, { shards: 2 });
  await everyClass(run);
  await run.pass(2000);
  for (const durability of classes) await run.append(durability, { records: records({ from: 9, count: 2 }) });
  run.kill();
  assert(run.count("checkpoint-written") === 0, "the log is all there is");
  return filesOf(disk);
}

/** Sealed several times over, deleted from, rewritten, merged, and with a tail. */
async function sealed(run: SimulatedRun): Promise<void> {
  await everyClass(run);
  for (let from = 10; from < 370; from += 90) {
    for (const durability of classes)
      await run.append(durability, { records: records({ from, count: 90 }), idempotency_key: `at-${from}` });
    await run.append("jobs", { records: jobs(from, 90) });
    await run.pass(600);
  }
  await run.append("large", { records: records({ from: 0, count: 3, textBytes: 3000 }) });
  await run.append("capped", { records: records({ from: 10, count: 200 }) });
  await run.configure("expired", { durability: "disk", ttlMs: 2000 });
  await run.append("expired", { records: records({ from: 0, count: 70 }) });
  await run.until("checkpoint-written", 3);
  await run.deleteTagged("jobs", "job/*");
  await run.until("segment-rewritten");
  await run.deleteBefore("fsync", 120);
  await run.deleteTagged("disk", "t3/odd");
  await run.deleteTagged("memory", "t4*");
  for (let round = 0; round < 3; round++) {
    await run.append("disk", { records: records({ from: 1000 + round, count: 1 }) });
    await run.pass(2500);
  }
}

async function segments(): Promise<FixtureFiles> {
  let disk = SimulatedRun.blankDisk();
  const first = await SimulatedRun.start(disk, 1, { shards: 2, storage: small });
  await sealed(first);
  await first.append("disk", { records: [{ data: "lost with the power" }] });
  first.kill();
  disk = disk.powerLoss("none");
  const second = await SimulatedRun.start(disk, 2, { storage: { ...small, tailBytes: 16 << 10 } });
  await second.append("disk", { records: records({ from: 2000, count: 100 }), idempotency_key: "behind-the-hole" });
  await second.until("checkpoint-written");
  await second.deleteTagged("disk", "t5/even");
  await second.append("disk", { records: records({ from: 3000, count: 5 }), idempotency_key: "in-the-log" });
  await second.append("fsync", { records: records({ from: 3000, count: 5 }) });
  second.kill();
  const files = filesOf(disk);
  const count = (pattern: RegExp): number => [...files.keys()].filter((path) => pattern.test(path)).length;
  const together = second.events.some((event) => event.type === "segment-sealed" && event.topics > 1);
  assert(
    together && first.count("segment-rewritten") > 0,
    "a file has parts of several topics, another one replaced some",
  );
  assert(count(/\.del$/) > 0 && count(/\.ckpt$/) === 2 && count(/\.seg$/) > 3, "all kinds of files are there");
  return files;
}

async function cold(): Promise<FixtureFiles> {
  const disk = SimulatedRun.blankDisk();
  const storage = { ...small, coldDirectory, hotRetainSegments: 1 };
  const run = await SimulatedRun.start(disk, 1, { storage });
  for (let from = 0; from < 360; from += 90) {
    await run.append("moved", { records: records({ from, count: 90 }) });
    await run.append("also", { records: records({ from, count: 70 }) });
    await run.pass(1500);
  }
  await run.until("segment-moved", 3);
  await run.deleteTagged("moved", "t1/odd");
  await run.pass(3000);
  await run.stop();
  const files = filesOf(disk);
  const inCold = [...files.keys()].filter((path) => /^cold\/.*\.seg$/.test(path)).length;
  const inHot = [...files.keys()].filter((path) => /^data\/.*\.seg$/.test(path)).length;
  assert(inCold > 0 && inHot > 0 && files.has("cold/COLD"), "both directories have segments");
  return files;
}

async function shards(): Promise<FixtureFiles> {
  const disk = SimulatedRun.blankDisk();
  const first = await SimulatedRun.start(disk, 1, { shards: 1 });
  await everyClass(first);
  for (let topic = 0; topic < 10; topic++)
    await first.append(`topic-${topic}`, { records: records({ from: topic, count: 5 }) });
  await first.stop();
  const second = await SimulatedRun.start(disk, 2, { shards: 3 });
  assert(second.count("shards-changed") === 1, "another layout has begun");
  for (let topic = 0; topic < 10; topic += 2)
    await second.append(`topic-${topic}`, { records: records({ from: 100 + topic, count: 2 }) });
  await second.append("new", { records: records({ from: 0, count: 3 }) });
  await second.pass(2000);
  second.kill();
  return filesOf(disk);
}

const everyKey = ["memory", "disk", "fsync"].map((durability): RememberedKey => [durability, "key-1"]);

export const scenarios: Readonly<Record<FixtureName, Scenario>> = {
  "wal-clean": {
    about: [
      "One shard. A run with topics of every class, ended by a power loss, and another one, stopped in order: a final",
      "frame, and one checkpoint without segments.",
    ],
    keys: everyKey,
    make: walClean,
  },
  "wal-killed": {
    about: [
      "Two shards, a log and nothing else: no checkpoint. Killed behind the last ack. Opened on another machine it is",
      "what a power loss leaves: disk and memory topics get a hole up to their ceilings.",
    ],
    keys: everyKey,
    make: walKilled,
  },
  segments: {
    about: [
      "Two shards, two checkpoints, segments of one topic and of several, parts rewritten and merged, .del files, a log",
      "behind the checkpoints with deletes of sealed records in it. A power loss, and killed at the end.",
    ],
    keys: [...everyKey, ["memory", "at-100"], ["disk", "at-280"], ["disk", "behind-the-hole"], ["disk", "in-the-log"]],
    make: segments,
  },
  cold: {
    about: ["One shard with a cold directory that has most of the segments. Stopped in order."],
    keys: [],
    make: cold,
  },
  shards: {
    about: ["A directory of one shard that was started with three: a layout that ended, and one that goes on. Killed."],
    keys: everyKey,
    make: shards,
  },
};
