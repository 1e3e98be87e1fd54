import assert from "node:assert/strict";
import { Reserve } from "../../src/storage/reserve.ts";
import { SimulatedDisk } from "../disk/disk.ts";
import { outcome } from "../disk/fs-contract.ts";
import { survivals } from "../disk/survivals.ts";
import { diskEnv } from "./disk-env.ts";

const mib = 1 << 20;

function diskWith(...faults: string[]): SimulatedDisk {
  return new SimulatedDisk({ directories: ["/data"], faults });
}

const size = (disk: SimulatedDisk): number => disk.contents("/data/RESERVE").length;

describe("the reserve on a faulty disk", () => {
  it("keeps what it can get of a full one, and fills up when there is room", async () => {
    const disk = new SimulatedDisk({ directories: ["/data"], freeBytes: 6 * mib });
    const reserve = await Reserve.open(diskEnv(disk), "/data");
    assert.equal(await reserve.refill(10 * mib), false);
    assert.deepEqual([reserve.bytes, size(disk)], [4 * mib, 4 * mib]);
    disk.setFreeBytes(20 * mib);
    assert.equal(await reserve.refill(10 * mib), true);
    assert.equal(reserve.bytes, 10 * mib);
    disk.setFreeBytes(0);
    await reserve.release();
    const file = await disk.fs().open("/data/other", "create");
    assert.equal(await file.write([new Uint8Array(mib)], 0), mib);
    disk.checkRules();
  });

  it("uses no file again of which a sync has failed", async () => {
    for (const errno of ["EIO:A", "EIO:B", "EIO"]) {
      const disk = diskWith(`datasync#2:${errno}`);
      const reserve = await Reserve.open(diskEnv(disk), "/data");
      assert.equal(await outcome(reserve.refill(8 * mib)), "EIO");
      assert.equal(reserve.bytes, 0);
      assert.equal(await reserve.refill(8 * mib), true);
      assert.equal(reserve.bytes, 8 * mib);
      disk.checkRules();
    }
  });

  it("takes a sync that finds no room for a full disk", async () => {
    const disk = diskWith("datasync#1:ENOSPC");
    const reserve = await Reserve.open(diskEnv(disk), "/data");
    assert.equal(await reserve.refill(mib), false);
    assert.deepEqual([reserve.bytes, disk.files()], [0, []]);
    assert.equal(await reserve.refill(mib), true);
    disk.checkRules();
  });

  it("reports what is neither, and goes on", async () => {
    for (const fault of ["open#1:EMFILE", "write#2:EIO", "truncate#1:EIO", "datasync#2:EIO:A"]) {
      const disk = diskWith(fault);
      const reserve = await Reserve.open(diskEnv(disk), "/data");
      const outcomes = [await outcome(reserve.refill(2 * mib)), await outcome(reserve.release())];
      assert.deepEqual(outcomes.filter((each) => each !== "ok").length, 1, `${fault}: ${outcomes.join()}`);
      assert.equal(reserve.bytes, 0);
      assert.equal(await reserve.refill(2 * mib), true, fault);
      disk.checkRules();
    }
  });

  it("does not trust a step that a power loss may have taken", async () => {
    const disk = diskWith();
    const reserve = await Reserve.open(diskEnv(disk), "/data");
    await reserve.refill(4 * mib);
    await disk.fs().syncDir("/data");
    disk.injector.plant("datasync#1:hang");
    void reserve.refill(6 * mib);
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    assert.equal(size(disk), 6 * mib);
    for (const survival of survivals(disk.pending, { sample: 8, seed: 1 })) {
      const image = disk.powerLoss(survival);
      const again = await Reserve.open(diskEnv(image), "/data");
      assert.ok(again.bytes <= 4 * mib);
      assert.equal(await again.refill(6 * mib), true);
      assert.equal(image.powerLoss("none").contents("/data/RESERVE").length, 6 * mib);
    }
  });

  it("is an error when it can't be a file", async () => {
    const disk = new SimulatedDisk({ directories: ["/data", "/data/RESERVE"] });
    assert.equal(await outcome(Reserve.open(diskEnv(disk), "/data")), "EISDIR");
  });
});
