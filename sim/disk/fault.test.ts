import assert from "node:assert/strict";
import type { File, Fs } from "../../src/env/env.ts";
import { SimulatedDisk } from "./disk.ts";
import { parseFault, printFault } from "./fault.ts";
import { outcome, outcomeSync, text } from "./fs-contract.ts";

async function opened(...faults: string[]): Promise<{ disk: SimulatedDisk; fs: Fs; file: File }> {
  const disk = new SimulatedDisk({ directories: ["/data"], faults, rules: [] });
  const fs = disk.fs();
  const file = await fs.open("/data/wal-1", "create");
  await fs.syncDir("/data");
  return { disk, fs, file };
}

const content = (disk: SimulatedDisk): string => new TextDecoder("latin1").decode(disk.contents("/data/wal-1"));
const afterPowerLoss = (disk: SimulatedDisk): string => content(disk.powerLoss("all"));

describe("a fault as a word", () => {
  it("prints and parses back", () => {
    const words = [
      "write#3:EIO",
      "write(wal-)#3:EIO:forever",
      "write#1:after=100:ENOSPC",
      "write#5:short=1",
      "read#5:short=half",
      "write#5:short=less",
      "datasync#1:EIO:A",
      "datasync#2:EIO:B:forever",
      "datasync#1:lie",
      "write#1:offset=-512",
      "read#7:flip=12",
      "open#1:hang",
      "rename(manifest)#1:delay=30000",
      "tryLock#1:held:forever",
      "readdir#1:missing=wal-1.log",
      "readdir#1:junk=x:y",
    ];
    for (const word of words) assert.equal(printFault(parseFault(word)), word);
  });

  it("is refused when it is none, or means nothing on that call", () => {
    const wrong = [
      "write:EIO",
      "write#0:EIO",
      "scribble#1:EIO",
      "write#1:",
      "write#1:short=x",
      "open#1:short=1",
      "write#1:flip=1",
    ];
    for (const word of wrong) assert.throws(() => parseFault(word), /not a fault/, word);
  });
});

describe("a faulty disk", () => {
  it("fails the call that was meant, once or for ever", async () => {
    const { disk, file } = await opened("write(wal-)#2:EIO", "truncate#2:EROFS:forever");
    const writes: string[] = [];
    for (let index = 0; index < 4; index++) writes.push(outcomeSync(() => file.writeSync([text("x")], index)));
    assert.deepEqual(writes, ["ok", "EIO", "ok", "ok"]);
    const cuts: string[] = [];
    for (const length of [3, 2, 1]) cuts.push(await outcome(file.truncate(length)));
    assert.deepEqual(cuts, ["ok", "EROFS", "EROFS"]);
    assert.equal(content(disk), "x\0x");
    assert.deepEqual([...disk.injector.fired().values()], [1, 2]);
  });

  it("reads and writes short", async () => {
    const { disk, file } = await opened(
      "write#1:short=1",
      "write#2:short=half",
      "write#3:short=0",
      "read#1:short=less",
    );
    assert.equal(await file.write([text("ab"), text("cd")], 0), 1);
    assert.equal(await file.write([text("ab"), text("cd")], 0), 2);
    assert.equal(await file.write([text("zz")], 0), 0);
    assert.equal(content(disk), "ab");
    assert.equal(await file.read(new Uint8Array(2), 0), 1);
  });

  it("writes part before it fails, nothing, or in the wrong place", async () => {
    const { disk, file } = await opened("write#1:after=2:EIO", "write#2:lie", "write#3:offset=4");
    assert.equal(await outcome(file.write([text("abcd")], 0)), "EIO");
    assert.equal(await file.write([text("lost")], 0), 4);
    assert.equal(await file.write([text("ef")], 0), 2);
    assert.equal(content(disk), "ab\0\0ef");
  });

  it("lies about a sync", async () => {
    const { disk, file, fs } = await opened("datasync#1:lie", "syncDir#2:lie");
    await file.write([text("x")], 0);
    await file.datasync();
    assert.equal(content(disk.powerLoss("none")), "");
    await file.datasync();
    assert.equal(content(disk.powerLoss("none")), "x");
    await fs.unlink("/data/wal-1");
    await fs.syncDir("/data");
    assert.equal(content(disk.powerLoss("none")), "x");
  });

  it("fails a sync and leaves the data dirty", async () => {
    const { disk, file } = await opened("datasync#1:EIO");
    await file.write([text("x")], 0);
    assert.equal(await outcome(file.datasync()), "EIO");
    await file.datasync();
    assert.equal(content(disk.powerLoss("none")), "x");
  });

  it("fails a sync once and never writes what it covered (variant A)", async () => {
    const { disk, file } = await opened("datasync#1:EIO:A");
    await file.write([text("x")], 0);
    assert.equal(await outcome(file.datasync()), "EIO");
    assert.equal(content(disk), "x");
    assert.equal(await outcome(file.datasync()), "ok");
    await file.write([text("y")], 512);
    await file.datasync();
    assert.equal(content(disk).charAt(0), "x");
    assert.equal(afterPowerLoss(disk), "\0".repeat(512) + "y");
  });

  it("fails a sync once and reverts the cache (variant B)", async () => {
    const { disk, file } = await opened("datasync#2:EIO:B");
    await file.write([text("old")], 0);
    await file.datasync();
    await file.write([text("NEW!")], 0);
    assert.equal(await outcome(file.datasync()), "EIO");
    assert.equal(content(disk), "old\0");
    assert.equal(await outcome(file.datasync()), "ok");
    assert.equal(afterPowerLoss(disk), "old");
  });

  it("fails a directory's sync, for now or for good", async () => {
    const { disk, fs } = await opened("syncDir#2:EIO", "syncDir#4:EIO:A");
    const kept: number[] = [];
    for (const name of ["a", "b"]) {
      await (await fs.open(`/data/${name}`, "create")).close();
      for (let attempt = 0; attempt < 2; attempt++) {
        await outcome(fs.syncDir("/data"));
        kept.push(disk.powerLoss("all").files().length - disk.powerLoss("none").files().length);
      }
    }
    assert.deepEqual(kept, [1, 0, 0, 0]);
    assert.deepEqual(disk.powerLoss("all").files(), ["/data/a", "/data/wal-1"]);
    assert.deepEqual(disk.files(), ["/data/a", "/data/b", "/data/wal-1"]);
  });

  it("hangs until it is released, and takes effect then", async () => {
    const { disk, file } = await opened("datasync#1:hang");
    await file.write([text("x")], 0);
    const order: string[] = [];
    const sync = file.datasync().then(() => order.push("synced"));
    await file.stat();
    order.push("released");
    assert.equal(content(disk.powerLoss("none")), "");
    disk.gate.releaseHung();
    await sync;
    assert.deepEqual(order, ["released", "synced"]);
    assert.equal(content(disk.powerLoss("none")), "x");
  });

  it("reads by path as it reads otherwise", async () => {
    const faults = ["open(wal-)#2:EMFILE", "read#1:EIO", "read#2:short=1", "read#3:flip=0"];
    const { fs, file } = await opened(...faults);
    await file.write([text("ab")], 0);
    const into = new Uint8Array(2);
    const read = (): number => fs.readSync("/data/wal-1", into, 0);
    assert.deepEqual([outcomeSync(read), outcomeSync(read), read(), read()], ["EMFILE", "EIO", 1, 2]);
    assert.equal(into[0], "a".charCodeAt(0) ^ 1);
    assert.equal(read(), 2);
    assert.equal(into[0], "a".charCodeAt(0));
  });

  it("shows wrong bits, names and holders", async () => {
    const faults = ["read#1:flip=0", "readdir#1:missing=wal-1", "readdir#2:junk=wal-9", "tryLock#1:held"];
    const { file, fs } = await opened(...faults);
    await file.write([text("a")], 0);
    const into = new Uint8Array(1);
    await file.read(into, 0);
    assert.equal(into[0], "a".charCodeAt(0) ^ 1);
    assert.deepEqual(await fs.readdir("/data"), []);
    assert.deepEqual((await fs.readdir("/data")).sort(), ["wal-1", "wal-9"]);
    assert.equal(await fs.tryLock(file), false);
    assert.equal(await fs.tryLock(file), true);
  });
});
