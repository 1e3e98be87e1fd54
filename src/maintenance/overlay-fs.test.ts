import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errnoOf, type Fs } from "../env/env.ts";
import { nodeEnv } from "../env/node-env.ts";
import { OverlayFs } from "./overlay-fs.ts";
import { ReadOnlyFs } from "./read-only-fs.ts";

const outcome = (work: Promise<unknown>): Promise<unknown> => work.then(() => "ok", errnoOf);

describe("an overlay over a directory that is only read", () => {
  let directory: string;
  let failed: string[];
  let readBytes: number;
  let below: Fs;
  let fs: Fs;
  const at = (name: string): string => join(directory, name);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "overlay-"));
    writeFileSync(at("a"), "below a");
    writeFileSync(at("b"), "below b");
    failed = [];
    readBytes = 0;
    const watch = {
      read: (bytes: number) => (readBytes += bytes),
      failed: (path: string, errno: string) => failed.push(`${path} ${errno}`),
    };
    below = new ReadOnlyFs(nodeEnv().fs, watch);
    fs = new OverlayFs(below, 1 << 20);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const content = async (name: string): Promise<string> => {
    const file = await fs.open(at(name), "read");
    const into = Buffer.alloc(100);
    const count = await file.read(into, 0);
    await file.close();
    return into.toString("latin1", 0, count);
  };

  it("shows what was written, renamed, linked and removed, and nothing of it below", async () => {
    const file = await fs.open(at("a"), "write");
    await file.write([Buffer.from("OVER"), Buffer.from("LAY")], 2);
    await file.datasync();
    await file.close();
    await (await fs.open(at("c"), "create-new")).write([Buffer.from("new")], 0);
    await fs.rename(at("b"), at("d"));
    await fs.link(at("c"), at("e"));
    await fs.unlink(at("c"));
    await fs.syncDir(directory);
    assert.deepEqual((await fs.readdir(directory)).sort(), ["a", "d", "e"]);
    assert.deepEqual(await Promise.all(["a", "d", "e"].map(content)), ["beOVERLAY", "below b", "new"]);
    assert.equal((await fs.stat(at("a")))?.size, 9);
    assert.equal(await fs.stat(at("b")), undefined);
    assert.equal(await outcome(fs.open(at("b"), "read")), "ENOENT");
    assert.equal(await outcome(fs.open(at("a"), "create-new")), "EEXIST");
    assert.equal(await outcome(fs.unlink(at("c"))), "ENOENT");
    assert.deepEqual(readdirSync(directory).sort(), ["a", "b"]);
    assert.equal(readFileSync(at("a"), "latin1"), "below a");
  });

  it("keeps the identity of files, through their renaming too", async () => {
    const { inode, birthtimeNs } = (await nodeEnv().fs.stat(at("a")))!;
    await fs.rename(at("a"), at("z"));
    const found = (await fs.stat(at("z")))!;
    assert.deepEqual([found.inode, found.birthtimeNs], [inode, birthtimeNs]);
    const made = await (await fs.open(at("new"), "create")).stat();
    assert.notEqual(made.inode, inode);
  });

  it("ends what is written when memory does", async () => {
    const file = await fs.open(at("a"), "write");
    assert.equal(await outcome(file.write([new Uint8Array(2 << 20).fill(1)], 0)), "ENOSPC");
  });

  it("changes nothing below, whatever is called", async () => {
    const file = await below.open(at("a"), "read");
    const calls = [
      below.open(at("a"), "write"),
      below.open(at("n"), "create"),
      below.mkdir(at("n")),
      below.rename(at("a"), at("n")),
      below.link(at("a"), at("n")),
      below.unlink(at("a")),
      below.syncDir(directory),
      below.tryLock(file),
      file.write([Uint8Array.of(1)], 0),
      file.truncate(0),
      file.datasync(),
    ];
    for (const call of calls) assert.equal(await outcome(call), "EROFS");
    assert.throws(() => file.writeSync([Uint8Array.of(1)], 0), { code: "EROFS" });
    await file.close();
    assert.equal(readFileSync(at("a"), "latin1"), "below a");
  });

  it("counts what is read, and remembers what could not be", async () => {
    await content("a");
    assert.equal(readBytes, 7);
    assert.equal(await outcome(below.open(at("absent"), "read")), "ENOENT");
    assert.equal(await outcome(below.readdir(at("a"))), "ENOTDIR");
    assert.deepEqual(failed, [`${at("a")} ENOTDIR`]);
  });
});
