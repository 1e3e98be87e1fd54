import assert from "node:assert/strict";
import { outcome, text } from "./fs-contract.ts";
import { SimulatedDisk } from "./disk.ts";
import { ProcessDied } from "./errno.ts";
import { flipBit, removed, replacedBy } from "./damage.ts";

const neverSettles = async (promise: Promise<unknown>): Promise<boolean> => {
  const pending = Symbol("pending");
  const turns = async (): Promise<symbol> => {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    return pending;
  };
  return (await Promise.race([promise, turns()])) === pending;
};

/** Six mutating calls. */
async function workload(disk: SimulatedDisk): Promise<void> {
  const fs = disk.fs();
  const file = await fs.open("/data/f.tmp", "create");
  await file.write([text("first")], 0);
  file.writeSync([text("second")], 5);
  await file.datasync();
  await file.close();
  await fs.rename("/data/f.tmp", "/data/f");
  await fs.syncDir("/data");
}

describe("a process on a simulated disk", () => {
  it("makes calls that can be counted, and dies at any of them", async () => {
    const whole = new SimulatedDisk({ directories: ["/data"] });
    await workload(whole);
    assert.equal(whole.gate.mutations, 6);
    for (let number = 0; number < 6; number++) {
      const disk = new SimulatedDisk({ directories: ["/data"] });
      const seen: string[] = [];
      let deaths = 0;
      disk.onCall((call) => seen.push(call.name));
      disk.onDeath(() => (deaths += 1));
      disk.crashAt(number);
      const run = workload(disk).catch((error: unknown) => {
        assert.ok(error instanceof ProcessDied);
        return neverSettles(new Promise(() => undefined));
      });
      await neverSettles(run);
      assert.deepEqual(seen, ["open", "write", "write", "datasync", "rename", "syncDir"].slice(0, number));
      assert.equal(deaths, 1);
    }
  });

  it("is run to its end or to its death", async () => {
    const disk = new SimulatedDisk({ directories: ["/data"] });
    assert.deepEqual(await disk.run(async () => "done"), { died: false, value: "done" });
    await assert.rejects(
      disk.run(() => Promise.reject(new Error("its own"))),
      /its own/,
    );
    for (const number of [0, 2, 5]) {
      const mortal = new SimulatedDisk({ directories: ["/data"] });
      mortal.crashAt(number);
      assert.deepEqual(await mortal.run(() => workload(mortal)), { died: true });
    }
    const breaking = async (): Promise<void> => {
      const fs = disk.fs();
      await (await fs.open("/data/g.tmp", "create")).write([text("x")], 0);
      await fs.rename("/data/g.tmp", "/data/g");
    };
    await assert.rejects(disk.run(breaking), /no rename before sync/);
  });

  it("leaves the cache to the next one, and what it had not synced stays un-synced", async () => {
    const disk = new SimulatedDisk({ directories: ["/data"] });
    disk.crashAt(3);
    assert.equal(await neverSettles(workload(disk)), true);
    const fs = disk.fs();
    const file = await fs.open("/data/f.tmp", "read");
    const into = new Uint8Array(20);
    assert.equal(await neverSettles(file.read(into, 0)), false);
    assert.equal(new TextDecoder().decode(into.subarray(0, 11)), "firstsecond");
    assert.equal(disk.bootId, "boot-1");
    const rebooted = disk.powerLoss("none");
    assert.equal(rebooted.bootId, "boot-2");
    assert.deepEqual(rebooted.files(), []);
  });

  it("gets no answer after its death, and its lock is free", async () => {
    const disk = new SimulatedDisk();
    const [first, second] = [disk.fs(), disk.fs()];
    const [held, wanted] = [await first.open("/LOCK", "create"), await second.open("/LOCK", "create")];
    assert.equal(await first.tryLock(held), true);
    assert.equal(await second.tryLock(wanted), false);
    disk.kill();
    assert.equal(await neverSettles(held.stat()), true);
    assert.throws(() => held.writeSync([text("x")], 0), ProcessDied);
    const next = disk.fs();
    assert.equal(await next.tryLock(await next.open("/LOCK", "create")), true);
  });

  it("does not disturb a clone of its disk", async () => {
    const disk = new SimulatedDisk({ directories: ["/data"] });
    await workload(disk);
    const file = await disk.fs().open("/data/f", "write");
    await file.write([text("later")], 0);
    const copy = disk.clone();
    const hashes = [copy.hash("cache"), copy.hash("durable")];
    assert.deepEqual(hashes, [disk.hash("cache"), disk.hash("durable")]);
    await file.write([text("more")], 100);
    await file.datasync();
    assert.deepEqual([copy.hash("cache"), copy.hash("durable")], hashes);
    assert.equal(copy.pending.length, 1);
    assert.equal(copy.bootId, disk.bootId);
  });

  it("finds names in an order that nothing can rely on", async () => {
    const disk = new SimulatedDisk();
    const fs = disk.fs();
    for (const name of ["a", "b", "c", "d", "e"]) await (await fs.open(`/${name}`, "create")).close();
    const orders = new Set<string>();
    for (let round = 0; round < 20; round++) orders.add((await fs.readdir("/")).join(""));
    assert.ok(orders.size > 5);
  });

  it("runs out of space, and gets more", async () => {
    const disk = new SimulatedDisk({ freeBytes: 8192 });
    const file = await disk.fs().open("/f", "create");
    assert.equal(await file.write([new Uint8Array(5000)], 0), 5000);
    assert.equal(await file.write([new Uint8Array(5000)], 5000), 3192);
    assert.equal(await outcome(file.write([text("x")], 8192)), "ENOSPC");
    assert.equal(await file.write([text("in place")], 0), 8);
    await file.truncate(4096);
    assert.equal(await file.write([text("x")], 4096), 1);
    disk.setFreeBytes(4096);
    assert.equal(await file.write([text("x")], 8192), 1);
    assert.equal(await outcome(file.write([text("x")], 3 * 4096)), "ENOSPC");
    await file.close();
    await disk.fs().unlink("/f");
    const next = await disk.fs().open("/g", "create");
    assert.equal(await next.write([new Uint8Array(20_000)], 0), 12_288);
  });

  it("reads what was damaged at rest", async () => {
    const disk = new SimulatedDisk({ directories: ["/data"] });
    await workload(disk);
    const copy = disk.contents("/data/f");
    disk.damage("/data/f", flipBit(0));
    assert.equal(disk.contents("/data/f")[0], "f".charCodeAt(0) ^ 1);
    assert.equal(disk.hash("cache"), disk.hash("durable"));
    disk.damage("/data/f", replacedBy(copy));
    assert.deepEqual(disk.contents("/data/f"), copy);
    disk.damage("/data/f", removed);
    assert.deepEqual(disk.powerLoss("none").files(), []);
  });
});
