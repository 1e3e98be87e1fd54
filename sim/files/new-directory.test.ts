import assert from "node:assert/strict";
import type { Fs } from "../../src/env/env.ts";
import { writeNewFile } from "../../src/storage/atomic-file.ts";
import { NameTaken, NewDirectory, removeUnfinished } from "../../src/storage/new-directory.ts";
import { SimulatedDisk } from "../disk/disk.ts";
import { text } from "../disk/fs-contract.ts";
import { survivals } from "../disk/survivals.ts";

async function make(fs: Fs, target = "/p/new"): Promise<void> {
  const made = await NewDirectory.begin(fs, target, "tag");
  for (const name of ["one", "two"]) await writeNewFile(fs, `${made.path}/${name}`, text(name));
  await made.finish();
}

const complete = ["/p/new/one", "/p/new/two"];

describe("a new directory", () => {
  it("is there whole or not at all, whenever its maker dies and whatever the disk keeps", async () => {
    let images = 0;
    for (let call = 0, died = true; died; call++) {
      const disk = new SimulatedDisk({ directories: ["/p"] });
      disk.crashAt(call);
      died = (await disk.run(() => make(disk.fs()))).died;
      for (const image of [
        disk.clone(),
        ...survivals(disk.pending, { exhaustive: true }).map((one) => disk.powerLoss(one)),
      ]) {
        const found = image.files().filter((path) => path.startsWith("/p/new/"));
        assert.ok(found.length === 0 ? died : found.length === 2, `call ${call}: ${found.join()}`);
        for (const path of found)
          assert.equal(Buffer.from(image.contents(path)).toString(), path.slice("/p/new/".length));
        // What is left goes, by whoever comes next.
        if (found.length === 0 && images % 2 === 0) await make(image.fs());
        else await removeUnfinished(image.fs(), "/p", "tag");
        assert.deepEqual(await image.fs().readdir("/p"), image.files().length === 0 ? [] : ["new"]);
        assert.deepEqual(image.files(), image.files().length === 0 ? [] : complete);
        images++;
      }
    }
    assert.ok(images > 100, `${images} images`);
  });

  it("takes no name that is taken, but for an empty directory's", async () => {
    const disk = new SimulatedDisk({ directories: ["/p", "/p/empty"] });
    const fs = disk.fs();
    await make(fs);
    await assert.rejects(make(fs), NameTaken);
    await writeNewFile(fs, "/p/file", text("file"));
    await assert.rejects(make(fs, "/p/file"), NameTaken);
    await make(fs, "/p/empty");
    assert.deepEqual((await fs.readdir("/p")).sort(), ["empty", "file", "new"]);
    // Somebody else comes first while it is made.
    const late = await NewDirectory.begin(fs, "/p/late", "tag");
    await fs.mkdir("/p/late");
    await writeNewFile(fs, "/p/late/theirs", text("theirs"));
    await assert.rejects(late.finish(), NameTaken);
    await late.abandon();
    assert.deepEqual((await fs.readdir("/p")).sort(), ["empty", "file", "late", "new"]);
  });

  it("of another maker is left alone", async () => {
    const disk = new SimulatedDisk({ directories: ["/p"] });
    const fs = disk.fs();
    await NewDirectory.begin(fs, "/p/a", "one");
    await NewDirectory.begin(fs, "/p/a", "two");
    await removeUnfinished(fs, "/p", "one");
    assert.deepEqual(await fs.readdir("/p"), [".a.two.tmp"]);
  });

  it("is given up quietly where even that fails", async () => {
    const disk = new SimulatedDisk({ directories: ["/p"], faults: ["rmdir#1:EIO", "unlink#1:EIO"] });
    const fs = disk.fs();
    const made = await NewDirectory.begin(fs, "/p/a", "tag");
    await writeNewFile(fs, `${made.path}/one`, text("one"));
    await made.abandon();
    await made.abandon();
    await made.abandon();
    assert.deepEqual(await fs.readdir("/p"), []);
  });
});
