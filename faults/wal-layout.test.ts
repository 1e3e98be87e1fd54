/** A start with another number of shards (spec 6.2): one manifest decides between the old layout, whole, and the new one. */
import assert from "node:assert/strict";
import { SimulatedDisk } from "../sim/disk/disk.ts";
import { walRules } from "../sim/disk/storage-rules.ts";
import { survivals } from "../sim/disk/survivals.ts";
import { Scheduler } from "../sim/scheduler.ts";
import { parseWalFileName, walFileName } from "../src/storage/layout.ts";
import { ManifestStore } from "../src/storage/manifest.ts";
import { StartRefusal } from "../src/storage/refusal.ts";
import { frameKind, type LogPlace } from "../src/wal/commit.ts";
import { firstFrameAt } from "../src/wal/file-header.ts";
import { scanFrames } from "../src/wal/scan.ts";
import { readHeader } from "../src/wal/read-header.ts";
import type { SimEnv } from "../sim/sim-env.ts";
import { smallFiles, walDirectory, WalRun } from "./wal-run.ts";

const archiveDirectory = "/archive";
const oldOps = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/** Two shards with a few files, one with a tail that nothing says is synced. */
async function oldLayout(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ directories: [walDirectory, archiveDirectory], rules: walRules });
  const scheduler = new Scheduler({ seed: 1 });
  const run = await WalRun.start({ disk, scheduler, shards: 2 });
  for (const op of oldOps) {
    await scheduler.settle(run.append(run.wal.shards[op % 2], op, 3000, "written"));
    if (op === 6) assert.ok(await scheduler.settle(run.wal.shards[0].rotate()));
  }
  await scheduler.pass(10);
  disk.kill();
  return disk;
}

async function startOn(disk: SimulatedDisk, newShards?: number, from?: readonly LogPlace[]): Promise<WalRun> {
  const scheduler = new Scheduler({ seed: 2 });
  const config = { ...smallFiles, archiveDirectory };
  const recovery = { archiveDirectory, ...(from ? { from, synced: from } : {}) };
  return WalRun.start({ disk, scheduler, config, recovery, ...(newShards === undefined ? {} : { newShards }) });
}

/** The places that the checkpoints of the new layout would say; `undefined` in the old one. */
async function placesIn(disk: SimulatedDisk): Promise<readonly LogPlace[] | undefined> {
  const { layouts } = (await ManifestStore.open(disk.fs(), walDirectory))!.current;
  if (layouts.length === 1) return undefined;
  return layouts.at(-1)!.files.map(([index]) => ({ index, position: firstFrameAt }));
}

function opsOf(run: WalRun): number[] {
  return run.frames.flatMap(({ kind, op }) => (kind === frameKind.records ? [op] : [])).sort((a, b) => a - b);
}

describe("another number of shards", () => {
  for (const shards of [1, 3])
    it(`begins empty behind the places that the caller was told: ${shards} instead of 2`, async () => {
      const disk = (await oldLayout()).clone();
      const run = await startOn(disk, shards);
      assert.deepEqual(opsOf(run), oldOps);
      assert.equal(run.wal.shards.length, shards);
      assert.deepEqual(
        run.switchedTo,
        run.wal.shards.map((shard) => shard.place()),
      );
      for (const [at, shard] of run.wal.shards.entries())
        await run.scheduler.settle(run.append(shard, 100 + at, 500, "synced"));
      await run.scheduler.pass(100);
      assert.ok((await run.scheduler.settle(run.wal.retire(run.switchedTo))) >= 3);
      assert.deepEqual(await run.scheduler.settle(run.wal.retire(run.switchedTo)), 0);
      disk.kill();
      const again = await startOn(disk.clone(), undefined, run.switchedTo);
      assert.deepEqual(
        opsOf(again),
        run.wal.shards.map((_, at) => 100 + at),
      );
      const scheduler = new Scheduler({ seed: 3 });
      const bare = await WalRun.open({ disk: disk.clone(), scheduler });
      await assert.rejects(bare.recover(), StartRefusal);
    });

  it("archives the old logs whole, up to the ends that the manifest keeps", async () => {
    const disk = (await oldLayout()).clone();
    const run = await startOn(disk, 1);
    await run.scheduler.settle(run.wal.retire(run.switchedTo!));
    const [ended] = run.manifest.current.layouts;
    assert.deepEqual(ended.files, [[], []]);
    const ops: number[] = [];
    for (const path of disk
      .files()
      .filter((each) => each.startsWith(archiveDirectory))
      .sort()) {
      const { shard, index } = parseWalFileName(path.slice(path.indexOf("wal-")))!;
      const read = await readHeader(run.env, path);
      assert.ok(read.outcome === "header");
      const file = await run.env.fs.open(path, "read");
      const last = ended.ends?.find((end) => end.index === index);
      const successor = disk
        .files()
        .map((each) => parseWalFileName(each.slice(each.indexOf("wal-"))))
        .filter((each) => each?.shard === shard && each.index > index)
        .map((each) => each!.index)[0];
      const declared =
        last?.position ?? (await readHeaderOf(run.env, disk, walFileName(shard, successor))).predecessor.end;
      const expected = { shard, shards: 2, fileIndex: index };
      const range = {
        expected,
        from: firstFrameAt,
        startHash: read.hash,
        declaredEnd: declared,
        fileBytes: read.bytes,
      };
      const scanned = await scanFrames(file, range, ({ fields }) => {
        if (fields.kind === frameKind.records) ops.push(fields.op);
        return undefined;
      });
      assert.equal(scanned.end, declared);
      if (last) assert.equal(scanned.hash?.toString(16).padStart(16, "0"), last.hash);
      await file.close();
    }
    assert.deepEqual(
      ops.sort((a, b) => a - b),
      oldOps,
    );
  });

  it("is there whole or not at all, whichever call was the last", async () => {
    const old = await oldLayout();
    let decided = 0;
    let call = 0;
    for (; ; call++) {
      const disk = old.clone();
      disk.crashAt(disk.gate.mutations + call);
      const ended = await disk.run(() => startOn(disk, 3));
      const choices = survivals(disk.pending, { sample: 5, seed: call });
      for (const image of [disk.clone(), ...choices.map((survival) => disk.powerLoss(survival))]) {
        const from = await placesIn(image);
        const again = await startOn(image, undefined, from);
        const ops = opsOf(again);
        // What was never synced may be gone after a power loss, from the end of each shard.
        if (from) assert.deepEqual(ops, []);
        else if (image.bootId === disk.bootId) assert.deepEqual(ops, oldOps);
        else
          assert.ok(
            [0, 1].every((shard) =>
              isPrefix(
                ops.filter((op) => op % 2 === shard),
                shard,
              ),
            ),
          );
        if (from) decided++;
        image.kill();
        const third = await startOn(image.clone(), undefined, from);
        assert.deepEqual(opsOf(third), ops);
        assert.equal(third.wal.shards.length, from ? 3 : 2);
      }
      if (!ended.died) break;
    }
    assert.ok(call > 40 && decided > 10);
  });
});

function isPrefix(ops: readonly number[], shard: number): boolean {
  const whole = oldOps.filter((op) => op % 2 === shard);
  return ops.every((op, at) => whole[at] === op);
}

async function readHeaderOf(env: SimEnv, disk: SimulatedDisk, name: string): Promise<{ predecessor: { end: number } }> {
  const path = disk.files().find((each) => each.endsWith(name));
  const read = await readHeader(env, path ?? name);
  assert.ok(read.outcome === "header");
  return read.header;
}
