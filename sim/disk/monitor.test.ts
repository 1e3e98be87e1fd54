import assert from "node:assert/strict";
import { SimulatedDisk } from "./disk.ts";
import { text } from "./fs-contract.ts";
import { RuleBroken } from "./monitor.ts";
import { neverRemoved } from "./rules/never-removed.ts";

async function opened(disk: SimulatedDisk, name: string): ReturnType<ReturnType<SimulatedDisk["fs"]>["open"]> {
  const file = await disk.fs().open(name, "create");
  await file.write([text("content")], 0);
  return file;
}

describe("the monitor stops a process that", () => {
  it("has two syncs of a file in flight", async () => {
    const disk = new SimulatedDisk();
    const file = await opened(disk, "/f");
    await file.datasync();
    await file.datasync();
    disk.checkRules();
    void file.datasync();
    await assert.rejects(file.datasync(), RuleBroken);
    assert.throws(() => {
      disk.checkRules();
    }, /one sync per file/);
  });

  it("renames a file before its data is synced", async () => {
    const disk = new SimulatedDisk();
    const file = await opened(disk, "/f.tmp");
    await assert.rejects(disk.fs().rename("/f.tmp", "/f"), RuleBroken);
    assert.throws(() => {
      disk.checkRules();
    }, /no rename before sync/);
    assert.deepEqual(disk.files(), ["/f.tmp"]);
    assert.throws(() => file.writeSync([text("x")], 0), /died/);
  });

  it("writes to a file of which a sync has failed, but for the lock", async () => {
    const disk = new SimulatedDisk({ faults: ["datasync#1:EIO:forever"] });
    const [lock, file] = [await opened(disk, "/LOCK"), await opened(disk, "/f")];
    await assert.rejects(lock.datasync());
    await lock.write([text("note")], 0);
    await assert.rejects(file.datasync());
    disk.checkRules();
    assert.throws(() => file.writeSync([text("x")], 0), /died/);
    assert.throws(() => {
      disk.checkRules();
    }, /no write after a failed sync/);
  });

  it("removes a file that must stay", async () => {
    const disk = new SimulatedDisk({ rules: [neverRemoved(/LOCK$/)] });
    await opened(disk, "/LOCK");
    await assert.rejects(disk.fs().unlink("/LOCK"), RuleBroken);
    assert.throws(() => {
      disk.checkRules();
    }, /never removed/);
    assert.deepEqual(disk.files(), ["/LOCK"]);
  });
});
