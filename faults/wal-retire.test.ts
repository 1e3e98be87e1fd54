/** Retiring WAL files (spec 6.4, 6.7): whatever call is the last, and whatever the disk refuses, no log is lost. */
import assert from "node:assert/strict";
import { walRules } from "../sim/disk/storage-rules.ts";
import { SimulatedDisk } from "../sim/disk/disk.ts";
import { survivals } from "../sim/disk/survivals.ts";
import { Scheduler } from "../sim/scheduler.ts";
import { parseWalFileName } from "../src/storage/layout.ts";
import { StartRefusal } from "../src/storage/refusal.ts";
import { archiveName } from "../src/wal/archive.ts";
import type { LogPlace } from "../src/wal/commit.ts";
import { smallFiles, walDirectory, WalRun } from "./wal-run.ts";

const archiveDirectory = "/archive";
const directoryId = "00112233445566778899aabbccddeeff";
const config = { ...smallFiles, archiveDirectory };

interface Made {
  readonly disk: SimulatedDisk;
  readonly run: WalRun;
  readonly scheduler: Scheduler;
  /** Where a checkpoint stands, and what lies before it. */
  readonly keep: readonly LogPlace[];
  readonly before: ReadonlyMap<string, Uint8Array>;
}

function emptyDisk(): SimulatedDisk {
  return new SimulatedDisk({ directories: [walDirectory, archiveDirectory], rules: walRules });
}

/** Two shards of a few files each; the places are in the last of them, with frames behind. */
async function made(disk = emptyDisk(), archived = true): Promise<Made> {
  const scheduler = new Scheduler({ seed: 1 });
  const run = await WalRun.start({ disk, scheduler, shards: 2, config: archived ? config : smallFiles });
  let op = 0;
  const append = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++)
      for (const shard of run.wal.shards) await scheduler.settle(run.append(shard, ++op, 2000, "written"));
    for (const shard of run.wal.shards) assert.ok(await scheduler.settle(shard.synced()));
  };
  for (let round = 0; round < 3; round++) {
    await append(2);
    for (const shard of run.wal.shards) assert.ok(await scheduler.settle(shard.rotate()));
  }
  await append(1);
  const keep = run.wal.shards.map((shard) => shard.place());
  await append(1);
  const before = new Map<string, Uint8Array>();
  for (const [shard, { index }] of keep.entries())
    for (const path of walFiles(disk)) {
      const file = parseWalFileName(path.slice(walDirectory.length + 1))!;
      if (file.shard === shard && file.index < index) before.set(path, disk.contents(path).slice());
    }
  // A spare is no file of the log, but one that came before the last file is one.
  assert.equal(before.size, 6);
  return { disk, run, scheduler, keep, before };
}

function walFiles(disk: SimulatedDisk): string[] {
  return disk.files().filter((path) => parseWalFileName(path.slice(walDirectory.length + 1)) !== undefined);
}

function archivedPath(path: string): string {
  return `${archiveDirectory}/${archiveName(directoryId, path.slice(walDirectory.length + 1))}`;
}

function holds(disk: SimulatedDisk, path: string, content: Uint8Array): boolean {
  return disk.files().includes(path) && Buffer.from(disk.contents(path)).equals(content);
}

function retire({ run, scheduler, keep }: Made): Promise<number> {
  return scheduler.settle(run.wal.retire(keep));
}

/** The next start from the checkpoint, and one more retirement. */
async function startAgain(disk: SimulatedDisk, keep: readonly LogPlace[], archived: boolean): Promise<WalRun> {
  const scheduler = new Scheduler({ seed: 2 });
  const recovery = { from: keep, synced: keep, ...(archived ? { archiveDirectory } : {}) };
  const walConfig = archived ? config : smallFiles;
  return WalRun.start({ disk, scheduler, shards: 2, config: walConfig, recovery });
}

type Variant = readonly [name: string, archived: boolean, faults: readonly string[]];
const variants: readonly Variant[] = [
  ["without an archive", false, []],
  ["into an archive by link", true, []],
  ["into an archive by copy", true, ["link#1:EXDEV:forever"]],
];

/** Dies at call `call` after the start of a retirement; `undefined` when it made fewer calls. */
async function died(call: number, archived: boolean, faults: readonly string[]): Promise<Made | undefined> {
  const at = await made(emptyDisk(), archived);
  at.disk.injector.plant(...faults);
  at.disk.crashAt(at.disk.gate.mutations + call);
  const ended = await at.disk.run(() => at.run.wal.retire(at.keep));
  return ended.died ? at : undefined;
}

describe("retiring WAL files", () => {
  for (const [name, archived, faults] of variants) {
    it(`drops what lies before the places, and nothing else: ${name}`, async () => {
      const at = await made(emptyDisk(), archived);
      at.disk.injector.plant(...faults);
      assert.equal(await retire(at), 6);
      assert.equal(await retire(at), 0);
      assert.equal(at.run.events.filter((event) => event.type === "wal-retired").length, 6);
      for (const [path, content] of at.before) {
        assert.ok(!at.disk.files().includes(path));
        if (archived) assert.ok(holds(at.disk, archivedPath(path), content));
      }
      at.disk.kill();
      const again = await startAgain(at.disk.clone(), at.keep, archived);
      assert.equal(again.frames.filter(({ op }) => op > 0).length, 2);
      assert.deepEqual(again.recovered.leftovers, []);
    });

    it(`loses nothing when it is interrupted at any call, and is done at the next start: ${name}`, async () => {
      let call = 0;
      for (let at = await died(call, archived, faults); at; at = await died(++call, archived, faults)) {
        const choices = survivals(at.disk.pending, { sample: 6, seed: call });
        for (const disk of [at.disk.clone(), ...choices.map((survival) => at.disk.powerLoss(survival))]) {
          for (const [path, content] of at.before)
            assert.ok(
              !archived || holds(disk, path, content) || holds(disk, archivedPath(path), content),
              `call ${call}: ${path} is here or there`,
            );
          disk.injector.plant(...faults);
          const again = await startAgain(disk, at.keep, archived);
          assert.equal(again.frames.filter(({ op }) => op > 0).length, 2, `call ${call}`);
          await again.scheduler.settle(again.wal.retire(at.keep));
          for (const [path, content] of at.before) {
            assert.ok(!disk.files().includes(path), `call ${call}: ${path} is gone`);
            assert.ok(!archived || holds(disk, archivedPath(path), content));
          }
          assert.ok(!disk.files().some((path) => path.startsWith(archiveDirectory) && path.endsWith(".tmp")));
        }
      }
      assert.ok(call >= (archived ? 20 : 8), "it makes many calls");
    });
  }

  it("keeps a file that the archive does not take, and the ones behind it, until it does", async () => {
    const at = await made();
    const [first, second, third] = [...at.before.keys()].filter((path) => path.includes("wal-00"));
    at.disk.injector.plant(`link(${second.slice(1)})#1:ENOSPC`);
    assert.equal(await retire(at), 4);
    const failed = at.run.events.filter((event) => event.type === "wal-archive-failed");
    assert.deepEqual(
      failed.map(({ errno }) => errno),
      ["ENOSPC"],
    );
    const files = at.disk.files();
    assert.deepEqual(
      [first, second, third].map((path) => files.includes(path)),
      [false, true, true],
    );
    assert.equal(await retire(at), 2);
    for (const [path, content] of at.before) assert.ok(holds(at.disk, archivedPath(path), content));
  });

  it("never overwrites what has the name in the archive, and goes on only when it is the same log", async () => {
    for (const faults of [[], ["link#1:EXDEV:forever"]]) {
      const disk = emptyDisk();
      const at = await made(disk);
      disk.injector.plant(...faults);
      const [path, content] = [...at.before].find(([each]) => each.includes("wal-01"))!;
      const other = content.slice();
      other[5000] ^= 1;
      await put(at, archivedPath(path), other);
      assert.equal(await retire(at), 3);
      const event = at.run.events.find((each) => each.type === "wal-archive-failed");
      assert.ok(event?.type === "wal-archive-failed" && event.errno === "EEXIST" && event.shard === 1);
      assert.ok(holds(disk, archivedPath(path), other));
      assert.ok(holds(disk, path, content));
      // What lies behind the last frame is nothing that was ever part of the log.
      const same = content.slice();
      same[same.length - 1] = 9;
      disk.damage(archivedPath(path), () => same);
      assert.equal(await retire(at), 3);
      assert.ok(holds(disk, archivedPath(path), same));
    }
  });

  it("does not make an archive where there is none, and drops nothing", async () => {
    const at = await made(new SimulatedDisk({ directories: [walDirectory], rules: walRules }));
    assert.equal(await retire(at), 0);
    assert.ok([...at.before.keys()].every((path) => at.disk.files().includes(path)));
  });

  it("starts although the archive does not take what was left, and tries again", async () => {
    const at = await made();
    at.disk.injector.plant("unlink#1:EIO:forever");
    await assert.rejects(retire(at), { code: "EIO" });
    at.disk.kill();
    const disk = at.disk.clone();
    for (const path of at.before.keys()) disk.damage(archivedPath(path), () => undefined);
    disk.injector.plant("link#1:ENOSPC", "link#2:ENOSPC");
    const again = await startAgain(disk, at.keep, true);
    assert.deepEqual(again.recovered.leftovers.length, 6);
    await again.scheduler.settle(again.wal.retire(at.keep));
    for (const [path, content] of at.before) {
      assert.ok(!disk.files().includes(path));
      assert.ok(holds(disk, archivedPath(path), content));
    }
  });

  it("leaves a log that can't be opened without its checkpoint", async () => {
    const at = await made();
    await retire(at);
    at.disk.kill();
    const scheduler = new Scheduler({ seed: 3 });
    const run = await WalRun.open({ disk: at.disk.clone(), scheduler, shards: 2 });
    await assert.rejects(
      run.recover(),
      (error) => error instanceof StartRefusal && /WAL file is missing/.test(error.message),
    );
  });

  it("takes no name before the manifest has a later one for the shard", async () => {
    const at = await made();
    const [shard] = at.run.wal.shards;
    const keep = at.run.wal.shards.map((each) => each.place());
    at.disk.injector.plant("rename(MANIFEST)#1:ENOSPC:forever");
    const rotated = shard.rotate();
    await at.scheduler.pass(500);
    assert.ok(shard.place().index > keep[0].index, "the new file is part of the log, and not named");
    await assert.rejects(at.scheduler.settle(at.run.wal.retire(keep)), { code: "ENOSPC" });
    at.disk.kill();
    const again = await startAgain(at.disk.clone(), keep, true);
    assert.ok(again.recovered.unnamed.some(({ index }) => index > keep[0].index));
    void rotated;
  });
});

async function put({ run, scheduler }: Made, path: string, content: Uint8Array): Promise<void> {
  const file = await scheduler.settle(run.env.fs.open(path, "create-new"));
  await scheduler.settle(file.write([content], 0));
  await scheduler.settle(file.datasync());
  await scheduler.settle(file.close());
  await scheduler.settle(run.env.fs.syncDir(archiveDirectory));
}
