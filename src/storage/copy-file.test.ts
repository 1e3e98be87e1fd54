import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { File, Fs } from "../env/env.ts";
import { nodeEnv } from "../env/node-env.ts";
import { copyFile, linkOrCopy } from "./copy-file.ts";
import { ShortIoError } from "./io.ts";

describe("a copy of a file", () => {
  let root: string;
  let fs: Fs;
  let syncs: number;
  const at = (name: string): string => join(root, name);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "topics-copy-"));
    syncs = 0;
    fs = counting(nodeEnv().fs);
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  /** The same file system, with its syncs counted. */
  function counting(real: Fs): Fs {
    return new Proxy(real, {
      get: (target, name) => {
        const own: unknown = Reflect.get(target, name, target);
        if (typeof own !== "function") return own;
        if (name !== "open") return (own as (...args: unknown[]) => unknown).bind(target);
        return async (...args: Parameters<Fs["open"]>): Promise<File> => {
          const file = await target.open(...args);
          const datasync = file.datasync.bind(file);
          file.datasync = async () => {
            syncs++;
            await datasync();
          };
          return file;
        };
      },
    });
  }

  async function original(bytes: number): Promise<Buffer> {
    const content = Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 7 + (i >> 10)) & 0xff));
    await writeFile(at("from"), content);
    return content;
  }

  it("has every byte, whatever their number, and is synced at its end and every 4 MiB", async () => {
    for (const [bytes, expected] of [
      [0, 1],
      [1, 1],
      [(1 << 20) + 1, 1],
      [(9 << 20) + 5, 3],
    ] as const) {
      const content = await original(bytes);
      syncs = 0;
      assert.equal(await copyFile(fs, at("from"), at("to")), bytes);
      assert.ok((await readFile(at("to"))).equals(content), `${bytes} bytes`);
      assert.equal(syncs, expected);
      await rm(at("to"));
    }
  });

  it("ends where it is asked to, and begins with another head", async () => {
    const content = await original(10_000);
    assert.equal(await copyFile(fs, at("from"), at("to"), { bytes: 5000, head: Buffer.from("head") }), 5000);
    const copied = await readFile(at("to"));
    assert.equal(copied.subarray(0, 4).toString(), "head");
    assert.ok(copied.subarray(4).equals(content.subarray(4, 5000)));
  });

  it("fails where the file is shorter than it has to be, and never replaces another", async () => {
    await original(100);
    await assert.rejects(copyFile(fs, at("from"), at("to"), { bytes: 101 }), ShortIoError);
    await assert.rejects(copyFile(fs, at("from"), at("to")), { code: "EEXIST" });
    await assert.rejects(copyFile(fs, at("none"), at("other")), { code: "ENOENT" });
  });

  it("is given up when whoever wants it says so between two pieces", async () => {
    await original(3 << 20);
    let pieces = 0;
    const between = (): void => {
      if (++pieces === 3) throw new Error("enough");
    };
    await assert.rejects(copyFile(fs, at("from"), at("to"), { between }), /enough/);
    assert.equal((await stat(at("to"))).size, 2 << 20);
  });

  it("is a link where there can be one, and its bytes where there cannot", async () => {
    const content = await original(5000);
    assert.equal(await linkOrCopy(fs, at("from"), at("linked"), {}), 5000);
    assert.equal((await stat(at("linked"))).ino, (await stat(at("from"))).ino);
    for (const code of ["EXDEV", "EPERM", "EMLINK"]) {
      const refusing = new Proxy(fs, {
        get: (target, name) =>
          name === "link"
            ? () => Promise.reject(Object.assign(new Error(code), { code }))
            : (Reflect.get(target, name) as unknown),
      });
      assert.equal(await linkOrCopy(refusing, at("from"), at(code), {}), 5000);
      assert.notEqual((await stat(at(code))).ino, (await stat(at("from"))).ino);
      assert.ok((await readFile(at(code))).equals(content));
    }
    await assert.rejects(linkOrCopy(fs, at("from"), at("linked"), {}), { code: "EEXIST" });
  });
});
