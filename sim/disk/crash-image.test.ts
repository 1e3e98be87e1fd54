import assert from "node:assert/strict";
import type { File, Fs } from "../../src/env/env.ts";
import { SimulatedDisk } from "./disk.ts";
import { text } from "./fs-contract.ts";

const latin = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);
const sectors = (value: string, count: number): Uint8Array => text(value.repeat(512 * count));

/** A durable file of 8 sectors of "o", open for writing. */
async function oldFile(): Promise<{ disk: SimulatedDisk; fs: Fs; file: File }> {
  const disk = new SimulatedDisk({ directories: ["/data"] });
  const fs = disk.fs();
  const file = await fs.open("/data/f", "create");
  await file.write([sectors("o", 8)], 0);
  await file.datasync();
  await fs.syncDir("/data");
  return { disk, fs, file };
}

/** One letter per sector, "." for zeros. */
function sketch(disk: SimulatedDisk, path = "/data/f"): string {
  const bytes = disk.contents(path);
  let letters = "";
  for (let at = 0; at < bytes.byteLength; at += 512) {
    const sector = latin(bytes.subarray(at, at + 512));
    const first = sector.charAt(0);
    letters += sector !== first.repeat(sector.length) ? "?" : first === "\0" ? "." : first;
  }
  return letters;
}

describe("data after a power loss", () => {
  it("is there when it was synced, and may be there when it wasn't", async () => {
    const { disk, file } = await oldFile();
    await file.write([sectors("a", 2)], 0);
    await file.datasync();
    await file.write([sectors("b", 2)], 1024);
    assert.equal(sketch(disk), "aabboooo");
    assert.equal(sketch(disk.powerLoss("none")), "aaoooooo");
    assert.equal(sketch(disk.powerLoss("all")), "aabboooo");
  });

  it("survives in any order of different writes", async () => {
    const { disk, file } = await oldFile();
    for (const [index, value] of ["a", "b", "c"].entries()) await file.write([sectors(value, 1)], index * 1024);
    const sketches = ["prefix:1", "prefix:2", "drop:1", "keep:1", "last"].map((word) => sketch(disk.powerLoss(word)));
    assert.deepEqual(sketches, ["aooooooo", "aobooooo", "aooocooo", "oobooooo", "oooocooo"]);
  });

  it("is torn at sectors: a prefix, a suffix, all but a hole, or one alone", async () => {
    const { disk, file } = await oldFile();
    await file.write([sectors("x", 1)], 7 * 512);
    await file.write([sectors("a", 4)], 512);
    const torn = (pattern: string): string => sketch(disk.powerLoss(`tear:1:${pattern}`));
    assert.equal(torn("prefix=1"), "oaooooox");
    assert.equal(torn("suffix=1"), "ooooaoox");
    assert.equal(torn("hole=1-3"), "oaooaoox");
    assert.equal(torn("only=2-3"), "oooaooox");
    assert.equal(torn("length"), "ooooooox");
  });

  it("carries along what an earlier write put into the same sector", async () => {
    const { disk, file } = await oldFile();
    await file.write([text("early")], 0);
    await file.write([text("later")], 100);
    const found = latin(disk.powerLoss("keep:1").contents("/data/f"));
    assert.equal(found.slice(0, 5) + found.slice(100, 105), "earlylater");
  });

  it("may leave a length ahead of it, and zeros in a gap before it", async () => {
    const { disk, file } = await oldFile();
    await file.write([sectors("a", 2)], 10 * 512);
    assert.equal(sketch(disk.powerLoss("none")), "oooooooo");
    assert.equal(sketch(disk.powerLoss("lengths")), "oooooooo....");
    assert.equal(sketch(disk.powerLoss("tear:0:length")), "oooooooo....");
    assert.equal(sketch(disk.powerLoss("tear:0:prefix=1")), "oooooooo..a");
    assert.equal(sketch(disk.powerLoss("tear:0:suffix=1")), "oooooooo...a");
  });

  it("comes back when a truncate is lost, and is gone when it isn't", async () => {
    const { disk, file } = await oldFile();
    await file.truncate(1024);
    await file.write([sectors("a", 1)], 1024);
    assert.equal(sketch(disk.powerLoss("drop:0")), "ooaooooo");
    assert.equal(sketch(disk.powerLoss("keep:0")), "oo");
    assert.equal(sketch(disk.powerLoss("all")), "ooa");
  });

  it("is covered by a sync only if it was written before that was issued", async () => {
    const { disk, file } = await oldFile();
    await file.write([sectors("a", 1)], 0);
    disk.injector.plant("datasync#1:hang");
    const sync = file.datasync();
    await file.write([sectors("b", 1)], 512);
    disk.gate.releaseHung();
    await sync;
    assert.equal(sketch(disk.powerLoss("none")), "aooooooo");
  });

  it("comes by chance, torn ones included, the same for the same seed", async () => {
    const { disk, file } = await oldFile();
    for (let index = 0; index < 4; index++) await file.write([sectors("abcd".charAt(index), 2)], index * 1024);
    const found = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const image = disk.powerLoss({ kind: "seed", seed });
      assert.equal(sketch(disk.powerLoss({ kind: "seed", seed })), sketch(image));
      found.add(sketch(image));
    }
    assert.ok(found.has("oooooooo") && found.has("aabbccdd"));
    assert.ok([...found].some((letters) => letters.startsWith("ao") || letters.startsWith("oa")));
    assert.ok(found.size > 30, `${found.size} different images`);
  });
});

describe("names after a power loss", () => {
  it("lead to files whatever became of the data", async () => {
    const { disk, fs } = await oldFile();
    const file = await fs.open("/data/new", "create");
    await file.write([text("content")], 0);
    assert.deepEqual(disk.powerLoss("data").files(), ["/data/f"]);
    assert.equal(latin(disk.powerLoss("entries").contents("/data/new")), "");
    assert.equal(latin(disk.powerLoss("lengths").contents("/data/new")), "\0".repeat(7));
    await file.datasync();
    assert.deepEqual(disk.powerLoss("none").files(), ["/data/f"]);
    assert.equal(latin(disk.powerLoss("all").contents("/data/new")), "content");
    await fs.syncDir("/data");
    assert.equal(latin(disk.powerLoss("none").contents("/data/new")), "content");
  });

  it("leave bytes that belong to whoever looks at them, zeros too", async () => {
    const { disk, fs } = await oldFile();
    await fs.open("/data/new", "create").then((file) => file.write([text("content")], 0));
    const image = disk.powerLoss("lengths");
    image.contents("/data/new").fill(0xff);
    assert.equal(latin(image.contents("/data/new")), "\0".repeat(7));
  });

  it("are old or new after a rename, never neither", async () => {
    const { disk, fs } = await oldFile();
    const temporary = await fs.open("/data/f.tmp", "create");
    await temporary.write([text("new")], 0);
    await temporary.datasync();
    await fs.syncDir("/data");
    await fs.rename("/data/f.tmp", "/data/f");
    assert.equal(sketch(disk.powerLoss("none")), "oooooooo");
    assert.deepEqual(disk.powerLoss("none").files(), ["/data/f", "/data/f.tmp"]);
    assert.equal(latin(disk.powerLoss("all").contents("/data/f")), "new");
    assert.deepEqual(disk.powerLoss("all").files(), ["/data/f"]);
  });

  it("may lead to an empty file when the rename came before the sync", async () => {
    const disk = new SimulatedDisk({ rules: [] });
    const fs = disk.fs();
    const file = await fs.open("/f.tmp", "create");
    await file.write([text("new")], 0);
    await fs.rename("/f.tmp", "/f");
    assert.equal(latin(disk.powerLoss("entries").contents("/f")), "");
    assert.deepEqual(disk.powerLoss("keep:2").files(), ["/f"]);
  });

  it("are two for one file once the second one's directory is synced", async () => {
    const disk = new SimulatedDisk({ directories: ["/a", "/b"], rules: [] });
    const fs = disk.fs();
    const file = await fs.open("/a/f", "create");
    await file.write([text("content")], 0);
    await file.datasync();
    await fs.syncDir("/a");
    await fs.link("/a/f", "/b/f");
    assert.deepEqual(disk.powerLoss("none").files(), ["/a/f"]);
    await fs.unlink("/a/f");
    assert.deepEqual(disk.powerLoss("none").files(), ["/a/f"]);
    assert.deepEqual(disk.powerLoss("last").files(), []);
    assert.deepEqual(disk.powerLoss("keep:0").files(), ["/a/f", "/b/f"]);
    await fs.syncDir("/b");
    const both = disk.powerLoss("none");
    assert.deepEqual(both.files(), ["/a/f", "/b/f"]);
    await both.fs().unlink("/a/f");
    assert.equal(latin(both.contents("/b/f")), "content");
    await fs.syncDir("/a");
    assert.equal(latin(disk.powerLoss("none").contents("/b/f")), "content");
    assert.equal(latin(disk.contents("/b/f")), "content");
  });

  it("need both directories synced when a file moves between them", async () => {
    const disk = new SimulatedDisk({ directories: ["/a", "/b"] });
    const fs = disk.fs();
    await (await fs.open("/a/f", "create")).close();
    await fs.syncDir("/a");
    await fs.rename("/a/f", "/b/f");
    assert.deepEqual(disk.powerLoss("keep:0").files(), ["/a/f", "/b/f"]);
    assert.deepEqual(disk.powerLoss("keep:1").files(), []);
    await fs.syncDir("/b");
    assert.deepEqual(disk.powerLoss("none").files(), ["/a/f", "/b/f"]);
    await fs.syncDir("/a");
    assert.deepEqual(disk.powerLoss("none").files(), ["/b/f"]);
  });

  it("take their subtree along when a directory was not synced", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.fs();
    await fs.mkdir("/d");
    const file = await fs.open("/d/f", "create");
    await file.write([text("content")], 0);
    await file.datasync();
    await fs.syncDir("/d");
    assert.deepEqual(disk.powerLoss("none").files(), []);
    await fs.syncDir("/");
    assert.equal(latin(disk.powerLoss("none").contents("/d/f")), "content");
  });

  it("may come back after an unlink", async () => {
    const { disk, fs, file } = await oldFile();
    await file.close();
    await fs.unlink("/data/f");
    assert.equal(sketch(disk.powerLoss("none")), "oooooooo");
    assert.deepEqual(disk.powerLoss("all").files(), []);
    await fs.syncDir("/data");
    assert.deepEqual(disk.powerLoss("none").files(), []);
    assert.equal(disk.pending.length, 0);
  });

  it("keep inode and birth time through power losses, and a reused inode has another birth time", async () => {
    const { disk, fs, file } = await oldFile();
    const before = await file.stat();
    const rebooted = disk.powerLoss("none");
    assert.deepEqual(await rebooted.fs().stat("/data/f"), before);
    await file.close();
    await fs.unlink("/data/f");
    await fs.syncDir("/data");
    const next = await (await fs.open("/data/g", "create")).stat();
    assert.equal(next.inode, before.inode);
    assert.notEqual(next.birthtimeNs, before.birthtimeNs);
  });
});
