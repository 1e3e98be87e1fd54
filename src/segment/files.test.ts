import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Env, File, Fs } from "../env/env.ts";
import { nodeEnv } from "../env/node-env.ts";
import { extentOf, type Extent } from "./extent.ts";
import { SegmentDamage, SegmentFiles } from "./files.ts";

const real = nodeEnv();

/** The real file system, with calls counted, held up and failing as a test wants. */
class Watched {
  opens: string[] = [];
  open = 0;
  reading = 0;
  mostReading = 0;
  failOpens: string[] = [];
  /** Reads wait for this. */
  gate: Promise<void> = Promise.resolve();
  readonly env: Env;

  constructor() {
    const fs: Fs = Object.assign(Object.create(real.fs) as Fs, {
      open: async (path: string): Promise<File> => {
        this.opens.push(path.slice(path.lastIndexOf("/") + 1));
        const code = this.failOpens.shift();
        if (code !== undefined) throw Object.assign(new Error(code), { code });
        return this.#watched(await real.fs.open(path, "read"));
      },
      readSync: (path: string, into: Uint8Array, position: number) => real.fs.readSync(path, into, position),
      unlink: (path: string) => real.fs.unlink(path),
    });
    this.env = { ...real, fs };
  }

  #watched(file: File): File {
    this.open++;
    let closed = false;
    return Object.assign(Object.create(file) as File, {
      read: async (into: Uint8Array, position: number): Promise<number> => {
        this.mostReading = Math.max(this.mostReading, ++this.reading);
        await this.gate;
        assert.ok(!closed, "a handle in use is not closed");
        const count = await file.read(into, position);
        this.reading--;
        return count;
      },
      close: async (): Promise<void> => {
        closed = true;
        this.open--;
        await file.close();
      },
    });
  }
}

function gate(): { promise: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    assert.ok(turn < 100_000, "it comes to that");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What might happen wrongly has had its time. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe("the segment files of a directory", () => {
  let directory = "";
  let watched = new Watched();
  let files = new SegmentFiles(watched.env, { hot: "", cold: undefined });
  let extents: Extent[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "segments-"));
    mkdirSync(join(directory, "cold"));
    watched = new Watched();
    files = new SegmentFiles(watched.env, { hot: directory, cold: join(directory, "cold") }, 3);
    extents = [];
    for (let file = 0; file < 8; file++) {
      const bytes = Buffer.from(`segment ${file} `.repeat(20));
      writeFileSync(join(directory, name(file)), bytes);
      extents.push(extentOf(10, bytes.subarray(10, 100)));
      files.add(file, "hot", bytes.length);
    }
  });
  afterEach(async () => {
    await files.close();
    assert.equal(watched.open, 0);
    rmSync(directory, { recursive: true });
  });

  const name = (file: number): string => `seg-${String(file).padStart(8, "0")}.seg`;
  const isDamage =
    (errno: string | undefined) =>
    (error: unknown): boolean =>
      error instanceof SegmentDamage && error.errno === errno && error.file.startsWith(directory);

  it("share a handle for reads of one file, and keep a bounded number of them", async () => {
    await Promise.all([1, 1, 1, 2].map((file) => files.read(file, extents[file])));
    assert.deepEqual(watched.opens, [name(1), name(2)]);
    for (const file of [3, 1, 4]) await files.read(file, extents[file]);
    assert.deepEqual(watched.opens.slice(2), [name(3), name(4)]);
    assert.equal(watched.open, 3);
    await files.read(1, extents[1]);
    await files.read(2, extents[2]);
    assert.deepEqual(watched.opens.slice(4), [name(2)], "the one unused for longest made room");
  });

  it("never close a handle in use: who needs another waits", async () => {
    const held = gate();
    watched.gate = held.promise;
    const reads = [0, 1, 2, 3, 4, 5, 6, 7, 0, 3].map((file) => files.read(file, extents[file]));
    await until(() => watched.reading === 4);
    await turns();
    assert.deepEqual(watched.opens, [name(0), name(1), name(2)]);
    held.open();
    const found = await Promise.all(reads);
    assert.deepEqual(
      found.map((bytes) => extentOf(10, bytes).hash),
      [0, 1, 2, 3, 4, 5, 6, 7, 0, 3].map((file) => extents[file].hash),
    );
    assert.ok(watched.open <= 3);
  });

  it("close idle handles when the process has no more descriptors, and try once more", async () => {
    await files.read(1, extents[1]);
    await files.read(2, extents[2]);
    watched.failOpens = ["EMFILE"];
    await files.read(3, extents[3]);
    assert.equal(watched.open, 1);
    watched.failOpens = ["ENFILE", "EMFILE"];
    await assert.rejects(files.read(4, extents[4]), (error) => {
      assert.ok(error instanceof SegmentDamage && error.isPassing);
      return true;
    });
    await files.read(4, extents[4]);
  });

  it("reject what is not as it was written, with its place, and go on with the rest", async () => {
    const { hash } = extents[0];
    const bad: [Extent, string | undefined][] = [
      [{ at: 11, bytes: 90, hash }, undefined],
      [{ at: 10, bytes: 1_000_000, hash }, undefined],
    ];
    for (const [extent, errno] of bad) {
      await assert.rejects(files.read(0, extent), isDamage(errno));
      assert.throws(() => files.readSync(0, extent), isDamage(errno));
    }
    rmSync(join(directory, name(5)));
    await assert.rejects(files.read(5, extents[5]), isDamage("ENOENT"));
    assert.throws(() => files.readSync(5, extents[5]), isDamage("ENOENT"));
    writeFileSync(join(directory, name(6)), "short");
    await assert.rejects(files.read(6, extents[6]), isDamage(undefined));
    assert.throws(() => files.readSync(6, extents[6]), isDamage(undefined));
    await files.read(0, extents[0]);
    files.readSync(0, extents[0]);
  });

  it("let reads in flight end before a file goes, with its deletes", async () => {
    const held = gate();
    watched.gate = held.promise;
    writeFileSync(join(directory, "seg-00000002.del"), "");
    const read = files.read(2, extents[2]);
    await until(() => watched.reading === 1);
    const removed = files.remove(2);
    assert.equal(files.has(2), false);
    assert.deepEqual([...files.all()], [0, 1, 3, 4, 5, 6, 7]);
    await turns();
    assert.ok(existsSync(join(directory, name(2))));
    held.open();
    await read;
    await removed;
    assert.ok(!existsSync(join(directory, name(2))));
    assert.ok(!existsSync(join(directory, "seg-00000002.del")));
  });

  it("follow a file to the other tier, reads that have begun included", async () => {
    const held = gate();
    watched.gate = held.promise;
    const read = [0, 1, 2, 3].map((file) => files.read(file, extents[file]));
    await until(() => watched.reading === 3);
    for (const file of [0, 3]) {
      renameSync(join(directory, name(file)), join(directory, "cold", name(file)));
      files.moved(file, "cold");
      assert.equal(files.tier(file), "cold");
      assert.equal(files.path(file), join(directory, "cold", name(file)));
    }
    held.open();
    await Promise.all(read);
    await files.read(0, extents[0]);
    files.readSync(3, extents[3]);
  });

  it("hold few threads when the cold disk hangs, and go on reading hot files", async () => {
    for (const file of [4, 5, 6, 7]) {
      renameSync(join(directory, name(file)), join(directory, "cold", name(file)));
      files.moved(file, "cold");
    }
    const held = gate();
    watched.gate = held.promise;
    const cold = [4, 5, 6, 7].map((file) => files.read(file, extents[file]));
    await until(() => watched.reading === 2);
    await turns();
    assert.equal(watched.mostReading, 2);
    watched.gate = Promise.resolve();
    await Promise.all([0, 1, 2, 3].map((file) => files.read(file, extents[file])));
    held.open();
    await Promise.all(cold);
  });
});
