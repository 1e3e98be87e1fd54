/** Recovery from the places of a checkpoint (spec 6.4, 6.5, 6.6): what is replayed, what is refused, what is still known. */
import assert from "node:assert/strict";
import { SimulatedDisk } from "../sim/disk/disk.ts";
import { walRules } from "../sim/disk/storage-rules.ts";
import { Scheduler } from "../sim/scheduler.ts";
import { comparePlaces, frameKind, type LogPlace } from "../src/wal/commit.ts";
import type { RecoveredWal, RecoveryDeps } from "../src/wal/recovery.ts";
import { StartRefusal } from "../src/storage/refusal.ts";
import { type FoundFrame, walDirectory, WalRun } from "./wal-run.ts";

type Told = Partial<Pick<RecoveryDeps, "from" | "synced" | "breathe">>;

interface Found {
  readonly frames: readonly FoundFrame[];
  readonly recovered: RecoveredWal;
}

/** What a start that is told this finds, on a copy of the disk. */
async function found(disk: SimulatedDisk, recovery: Told = {}): Promise<Found> {
  const scheduler = new Scheduler({ seed: 2 });
  const run = await WalRun.open({ disk: disk.clone(), scheduler, recovery });
  const recovered = await run.recover();
  return { frames: run.frames, recovered };
}

async function refusal(disk: SimulatedDisk, recovery: Told = {}): Promise<StartRefusal> {
  try {
    await found(disk, recovery);
  } catch (error) {
    if (error instanceof StartRefusal) return error;
    throw error;
  }
  return assert.fail("the start is refused");
}

interface Made {
  readonly disk: SimulatedDisk;
  readonly run: WalRun;
  readonly scheduler: Scheduler;
}

async function fresh(
  disk = new SimulatedDisk({ directories: [walDirectory], rules: walRules }),
  recovery: Told = {},
): Promise<Made> {
  const scheduler = new Scheduler({ seed: 1 });
  return { disk, scheduler, run: await WalRun.start({ disk, scheduler, recovery }) };
}

async function append({ run, scheduler }: Made, from: number, to: number): Promise<void> {
  for (let op = from; op <= to; op++)
    await scheduler.settle(run.append(run.shard, op, 1 + ((op * 977) % 5000), "written"));
  await scheduler.settle(run.shard.synced());
}

/** Rotations, a file given up with frames that lay behind its end, and a start in between. */
async function manyFiles(): Promise<SimulatedDisk> {
  const first = await fresh();
  await append(first, 1, 30);
  for (let op = 31; op <= 40; op++) first.run.submit(first.run.shard, op, 300, "handed");
  first.disk.injector.plant("write(wal-)#1:after=1000:ENOSPC");
  await append(first, 41, 60);
  first.disk.kill();
  const second = await fresh(first.disk.clone());
  await append(second, 61, 90);
  second.disk.kill();
  return second.disk;
}

const pathOf = (index: number): string => `${walDirectory}/wal-00-${String(index).padStart(8, "0")}.log`;

describe("recovery from a checkpoint's places", () => {
  it("replays what lies at or behind the place, and nothing else, from anywhere in the log", async () => {
    const disk = await manyFiles();
    const { frames, recovered } = await found(disk);
    assert.ok(recovered.shards[0].files.length >= 4);
    for (const place of frames) {
      const replayed = (await found(disk, { from: [place] })).frames;
      assert.deepEqual(
        replayed,
        frames.filter((frame) => comparePlaces(frame, place) >= 0),
      );
    }
  });

  it("takes a place behind the end that the next file declares for that file's first frame", async () => {
    const disk = await manyFiles();
    const { frames, recovered } = await found(disk);
    const [, second, third] = recovered.shards[0].files;
    for (const position of [third.header.predecessor.end, third.header.predecessor.end + 800, second.bytes + 8]) {
      const replayed = (await found(disk, { from: [{ index: second.header.index, position }] })).frames;
      assert.deepEqual(
        replayed,
        frames.filter((frame) => frame.index >= third.header.index),
      );
    }
  });

  it("goes on where the log ends, though nothing is replayed", async () => {
    const made = await fresh();
    await append(made, 1, 5);
    const end = made.run.shard.place();
    made.disk.kill();
    const next = await fresh(made.disk.clone(), { from: [end], synced: [end] });
    assert.deepEqual(next.run.frames, []);
    await append(next, 6, 9);
    next.disk.kill();
    const whole = await found(next.disk.clone());
    assert.deepEqual(
      whole.frames.filter(({ kind }) => kind === frameKind.records).map(({ op }) => op),
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  });

  it("knows a clean stop whose final frame lies behind the place, wherever the place is", async () => {
    const made = await fresh();
    await append(made, 1, 5);
    const middle = made.run.shard.place();
    await append(made, 6, 9);
    await made.scheduler.settle(made.run.wal.close(() => made.run.nextStamp()));
    const end = made.run.shard.place();
    made.disk.kill();
    for (const from of [middle, end])
      for (const disk of [made.disk, made.disk.powerLoss("none")]) {
        const [shard] = (await found(disk, { from: [from], synced: [end] })).recovered.shards;
        assert.equal(shard.clean, true);
        assert.equal(shard.powerLost, false);
      }
  });

  it("knows whether power was lost, though nothing lies behind the place", async () => {
    const made = await fresh();
    await append(made, 1, 5);
    const end = made.run.shard.place();
    made.disk.kill();
    const told = { from: [end], synced: [end] };
    assert.equal((await found(made.disk, told)).recovered.shards[0].powerLost, false);
    assert.equal((await found(made.disk.powerLoss("all"), told)).recovered.shards[0].powerLost, true);
  });

  it("cuts a torn tail behind the place, and still knows with which hash the log ends", async () => {
    const made = await fresh();
    await append(made, 1, 5);
    const end = made.run.shard.place();
    made.disk.kill();
    made.disk.damage(pathOf(end.index), (bytes) => bytes.fill(7, end.position, end.position + 100));
    const next = await fresh(made.disk.clone(), { from: [end], synced: [end] });
    assert.ok(next.run.events.some((event) => event.type === "wal-tail-cut" && event.offset === end.position));
    await append(next, 6, 6);
    next.disk.kill();
    assert.deepEqual(
      (await found(next.disk.clone())).frames.filter(({ kind }) => kind === frameKind.records).map(({ op }) => op),
      [1, 2, 3, 4, 5, 6],
    );
  });

  it("refuses a log that ends before the place, or before what the checkpoint calls synced", async () => {
    const made = await fresh();
    await append(made, 1, 5);
    const middle = made.run.shard.place();
    await append(made, 6, 9);
    const end = made.run.shard.place();
    made.disk.kill();
    const cut = made.disk.clone();
    cut.damage(pathOf(end.index), (bytes) => bytes.fill(0, middle.position));
    assert.deepEqual((await found(cut, { from: [middle], synced: [middle] })).frames, []);
    for (const told of [{ from: [end] }, { from: [middle], synced: [end] }]) {
      const { place, kind } = await refusal(cut, told);
      assert.equal(kind, "damage");
      assert.deepEqual(
        { file: place?.file, offset: place?.offset },
        { file: pathOf(end.index), offset: middle.position },
      );
    }
    const beyond = { index: end.index, position: 10 << 20 };
    assert.match((await refusal(made.disk, { from: [beyond] })).message, /shorter than its checkpoint says/);
  });

  it("refuses when a file is missing that the replay needs, and names it", async () => {
    const disk = await manyFiles();
    const { recovered } = await found(disk);
    const files = recovered.shards[0].files.map(({ header }) => header.index);
    for (const [at, index] of files.entries()) {
      const lacking = disk.clone();
      lacking.damage(pathOf(index), () => undefined);
      const from: LogPlace = { index: files[Math.min(at, 1)], position: 4096 };
      assert.equal(
        (await refusal(lacking, { from: [from] })).place?.file,
        pathOf(index),
        "named, so it has to be there",
      );
    }
    const ahead = files.at(-1)! + 1;
    const unknown = await refusal(disk, { from: [{ index: ahead, position: 4096 }] });
    assert.equal(unknown.place?.file, pathOf(ahead));
    const evidence = await refusal(disk, { synced: [{ index: ahead, position: 4096 }] });
    assert.match(evidence.message, new RegExp(`WAL file ${ahead} of shard 0 is missing`));
  });

  it("awaits the caller between two stretches of the log", async () => {
    const made = await fresh();
    for (let op = 1; op <= 400; op++) await made.scheduler.settle(made.run.append(made.run.shard, op, 6000, "written"));
    await made.scheduler.settle(made.run.shard.synced());
    made.disk.kill();
    let pauses = 0;
    let awaited = 0;
    const { frames } = await found(made.disk, {
      breathe: () => {
        if (++pauses % 2 === 1) return undefined;
        return Promise.resolve().then(() => void awaited++);
      },
    });
    assert.equal(frames.filter(({ kind }) => kind === frameKind.records).length, 400);
    assert.ok(pauses >= 10 && awaited === Math.floor(pauses / 2));
  });
});
