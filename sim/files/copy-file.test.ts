import assert from "node:assert/strict";
import { copyFile, linkOrCopy } from "../../src/storage/copy-file.ts";
import { SimulatedDisk } from "../disk/disk.ts";
import { outcome, text } from "../disk/fs-contract.ts";
import { diskEnv } from "./disk-env.ts";

const megabyte = 1 << 20;

async function diskWith(bytes: Uint8Array, ...faults: string[]): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ directories: ["/a", "/b"] });
  const file = await disk.fs().open("/a/file", "create-new");
  await file.write([bytes], 0);
  await file.datasync();
  await file.close();
  disk.injector.plant(...faults);
  return disk;
}

const numbered = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31) & 0xff);

describe("a copy of a file", () => {
  it("has all of it, or as much as was asked for, synced in steps", async () => {
    for (const length of [0, 1, 1000, megabyte, 5 * megabyte + 3]) {
      const bytes = numbered(length);
      const disk = await diskWith(bytes);
      const calls: string[] = [];
      disk.onCall(({ name, path }) => path === "/b/copy" && calls.push(name));
      assert.equal(await copyFile(disk.fs(), "/a/file", "/b/copy"), length);
      assert.equal(calls.filter((name) => name === "datasync").length, length > 4 * megabyte ? 2 : 1);
      assert.deepEqual(Buffer.from(disk.contents("/b/copy")), Buffer.from(bytes));
      const part = Math.floor(length / 2);
      assert.equal(await copyFile(disk.fs(), "/a/file", "/b/part", { bytes: part }), part);
      assert.deepEqual(Buffer.from(disk.contents("/b/part")), Buffer.from(bytes.subarray(0, part)));
      await disk.fs().syncDir("/b");
      assert.equal(disk.powerLoss("none").contents("/b/copy").length, length);
    }
  });

  it("may begin otherwise", async () => {
    const disk = await diskWith(text("headbody"));
    await copyFile(disk.fs(), "/a/file", "/b/copy", { head: text("HEAD") });
    assert.equal(Buffer.from(disk.contents("/b/copy")).toString(), "HEADbody");
  });

  it("fails where the file ends early, where something is, and with the errno of any call", async () => {
    const disk = await diskWith(numbered(1000));
    const { fs } = diskEnv(disk);
    assert.equal(await outcome(copyFile(fs, "/a/file", "/b/copy", { bytes: 1001 })), "EIO");
    assert.equal(await outcome(copyFile(fs, "/a/file", "/b/copy")), "EEXIST");
    assert.equal(await outcome(copyFile(fs, "/a/none", "/b/other")), "ENOENT");
    for (const fault of ["read#1:EIO", "write#1:ENOSPC", "datasync#1:EIO"]) {
      const faulty = await diskWith(numbered(1000), fault);
      assert.equal(await outcome(copyFile(faulty.fs(), "/a/file", "/b/copy")), fault.split(":")[1]);
    }
    const short = await diskWith(numbered(1000), "read#1:short=100:forever", "write#1:short=7:forever");
    assert.equal(await copyFile(short.fs(), "/a/file", "/b/copy"), 1000);
    assert.deepEqual(Buffer.from(short.contents("/b/copy")), Buffer.from(numbered(1000)));
  });

  it("ends when it is told to between two pieces", async () => {
    const disk = await diskWith(numbered(3 * megabyte));
    let pieces = 0;
    const between = (): void => {
      if (++pieces === 3) throw Object.assign(new Error("enough"), { code: "ENOUGH" });
    };
    assert.equal(await outcome(copyFile(disk.fs(), "/a/file", "/b/copy", { between })), "ENOUGH");
    assert.equal(disk.contents("/b/copy").length, 2 * megabyte);
  });
});

describe("a link or a copy", () => {
  it("is a link where that can be had, else a copy", async () => {
    const disk = await diskWith(numbered(1000));
    const { fs } = diskEnv(disk);
    assert.equal(await linkOrCopy(fs, "/a/file", "/b/linked", {}), 1000);
    assert.deepEqual(await fs.stat("/b/linked"), await fs.stat("/a/file"));
    for (const errno of ["EXDEV", "EPERM", "ENOTSUP", "EMLINK", "ENOSYS"]) {
      disk.injector.plant(`link#1:${errno}`);
      assert.equal(await linkOrCopy(fs, "/a/file", `/b/${errno}`, {}), 1000);
      assert.notEqual((await fs.stat(`/b/${errno}`))?.inode, (await fs.stat("/a/file"))?.inode);
    }
    for (const errno of ["EIO", "ENOSPC", "EROFS"]) {
      disk.injector.plant(`link#1:${errno}`);
      assert.equal(await outcome(linkOrCopy(fs, "/a/file", "/b/none", {})), errno);
    }
    assert.equal(await outcome(linkOrCopy(fs, "/a/file", "/b/linked", {})), "EEXIST");
  });
});
