import assert from "node:assert/strict";
import { SimulatedDisk } from "./disk.ts";
import { text } from "./fs-contract.ts";
import { parseSurvival, printSurvival } from "./survival.ts";
import { survivals } from "./survivals.ts";

async function somethingPending(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ directories: ["/data"] });
  const fs = disk.fs();
  const file = await fs.open("/data/wal", "create");
  await file.write([new Uint8Array(12 * 512).fill(1)], 100);
  await file.truncate(700);
  await file.write([text("tail")], 4000);
  await fs.mkdir("/data/sub");
  return disk;
}

describe("a survival as a word", () => {
  it("prints and parses back, for everything that is enumerated", async () => {
    const { pending } = await somethingPending();
    const all = survivals(pending, { exhaustive: true });
    assert.ok(all.length > 60);
    for (const survival of all) assert.deepEqual(parseSurvival(printSurvival(survival)), survival);
    assert.equal(new Set(all.map(printSurvival)).size, all.length);
  });

  it("is refused when it is none", () => {
    const wrong = [
      "",
      "some",
      "prefix",
      "prefix:",
      "prefix:x",
      "prefix:-1x",
      "tear:1",
      "tear:1:hole=1",
      "tear:1:prefix=",
      "all:1",
    ];
    for (const word of wrong) assert.throws(() => parseSurvival(word), /not a survival/, word);
  });
});

describe("the survivals of what is pending", () => {
  it("are one when nothing is", () => {
    assert.deepEqual(survivals([], { exhaustive: true }), [{ kind: "all" }]);
  });

  it("can be sampled, always with both ends, and always the same for a seed", async () => {
    const { pending } = await somethingPending();
    const sample = survivals(pending, { sample: 10, seed: 3 });
    assert.equal(sample.length, 10);
    assert.deepEqual(sample.slice(0, 2), [{ kind: "none" }, { kind: "all" }]);
    assert.deepEqual(survivals(pending, { sample: 10, seed: 3 }), sample);
    assert.notDeepEqual(survivals(pending, { sample: 10, seed: 4 }), sample);
  });

  it("give the same image each time, and leave the disk as it was", async () => {
    const disk = await somethingPending();
    const before = [disk.hash("cache"), disk.hash("durable")];
    const images = new Set<string>();
    for (const survival of survivals(disk.pending, { exhaustive: true })) {
      const image = disk.powerLoss(survival);
      assert.equal(image.hash("cache"), image.hash("durable"));
      assert.equal(disk.powerLoss(printSurvival(survival)).hash(), image.hash());
      images.add(image.hash());
    }
    assert.ok(images.size > 20, `${images.size} different images`);
    assert.deepEqual([disk.hash("cache"), disk.hash("durable")], before);
  });

  it("never hold garbage: each sector is as it was, zero, or as some write left it", async () => {
    const disk = new SimulatedDisk({ directories: ["/data"] });
    const file = await disk.fs().open("/data/wal", "create");
    const block = (value: number): Uint8Array => new Uint8Array(1024).fill(value);
    await file.write([new Uint8Array(8192)], 0);
    await file.datasync();
    await disk.fs().syncDir("/data");
    for (let value = 1; value <= 6; value++) await file.write([block(value)], value * 768);
    for (const survival of survivals(disk.pending, { exhaustive: true })) {
      const found = disk.powerLoss(survival).contents("/data/wal");
      assert.equal(found.byteLength, 8192);
      for (let at = 0; at < found.byteLength; at++) {
        const value = found[at] ?? 0;
        assert.ok(value === 0 || (at >= value * 768 && at < value * 768 + 1024), `${printSurvival(survival)} at ${at}`);
      }
    }
  });
});
