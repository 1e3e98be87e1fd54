import assert from "node:assert/strict";
import { openSegment } from "../../src/segment/reader.ts";
import { directoryId, samplePart, writePart, type SamplePart } from "../../src/segment/testing/sample.ts";
import { SegmentWriter } from "../../src/segment/writer.ts";
import { describeCall } from "../disk/call.ts";
import { SimulatedDisk } from "../disk/disk.ts";
import { outcome } from "../disk/fs-contract.ts";
import { survivals } from "../disk/survivals.ts";
import { printSurvival } from "../disk/survival.ts";
import { diskEnv } from "./disk-env.ts";

const path = "/data/seg-00000003.seg";
const small = [
  samplePart(1, { blocks: 2, records: 3, payloadBytes: 700 }),
  samplePart(2, { blocks: 1, records: 5, tags: ["a", "b"] }),
];
/** Several pieces, and syncs between them. */
const large = [samplePart(1, { blocks: 70, records: 10, payloadBytes: 131_072, tags: ["a"] })];

/** As the engine does: what fails is given up. */
async function write(disk: SimulatedDisk, parts: readonly SamplePart[]): Promise<void> {
  const env = diskEnv(disk);
  const place = { directory: "/data", directoryId, file: 3, stamp: 5 };
  const writer = await SegmentWriter.create(env, place);
  try {
    for (const part of parts) await writePart(writer, part);
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function found(disk: SimulatedDisk): Promise<string> {
  const opened = await openSegment(diskEnv(disk), path);
  if (opened.outcome === "unreadable") return opened.errno;
  if (opened.outcome === "version") return opened.reason;
  const { segment } = opened;
  let damages = 0;
  for await (const damage of segment.check()) damages += damage.bytes;
  const parts = segment.parts?.length;
  await segment.close();
  return damages === 0 && parts !== undefined && parts > 0 ? "whole" : "not whole";
}

const emptyDisk = (...faults: string[]): SimulatedDisk => new SimulatedDisk({ directories: ["/data"], faults });

describe("a segment file and the death of its writer", () => {
  it("is there whole or not at all, at whatever call it comes, and whatever the disk keeps", async () => {
    let images = 0;
    for (const parts of [small, large]) {
      for (let crashed = true, call = 0; crashed; call++) {
        const disk = emptyDisk();
        disk.crashAt(call);
        crashed = (await disk.run(() => write(disk, parts))).died;
        const choice = parts === small ? ({ exhaustive: true } as const) : { sample: 4, seed: call };
        const after = [disk.clone(), ...survivals(disk.pending, choice).map((each) => disk.powerLoss(each))];
        for (const image of after) {
          const outcomes = crashed ? ["whole", "ENOENT"] : ["whole"];
          assert.ok(outcomes.includes(await found(image)), `call ${call}`);
          images++;
        }
        // The next run writes the same file again, over what is left.
        const next = after[after.length - 1];
        await write(next, small);
        assert.equal(await found(next.powerLoss("none")), "whole");
        assert.deepEqual(next.powerLoss("none").files(), [path]);
        next.checkRules();
      }
    }
    assert.ok(images > 60, `${images} images`);
  });

  it("survives any loss of power once it is finished", async () => {
    const disk = emptyDisk();
    await write(disk, small);
    assert.deepEqual(survivals(disk.pending, { exhaustive: true }).map(printSurvival), ["all"]);
    assert.equal(await found(disk.powerLoss("none")), "whole");
  });
});

describe("a segment file on a faulty disk", () => {
  it("is given up at any call that fails, with its error, and leaves nothing behind", async () => {
    const calls: string[] = [];
    const whole = emptyDisk();
    whole.onCall((call) => calls.push(describeCall(call).split(" ")[0]));
    await write(whole, large);
    const names = [...new Set(calls)].sort();
    assert.deepEqual(names, ["datasync", "open", "rename", "syncDir", "write"]);
    assert.equal(calls.filter((name) => name === "datasync").length, 2);
    for (const name of [...names, "close", "stat"]) {
      const count = Math.max(1, calls.filter((each) => each === name).length);
      for (let index = 1; index <= count; index++) {
        const disk = emptyDisk(`${name}#${index}:ENOSPC`);
        assert.equal(await outcome(write(disk, large)), "ENOSPC");
        assert.deepEqual(disk.files(), []);
        disk.checkRules();
        assert.equal(await outcome(write(disk, small)), "ok");
        assert.equal(await found(disk), "whole");
      }
    }
  });

  it("keeps the first error when the next calls fail, too", async () => {
    for (const faults of [
      ["write#1:ENOSPC", "close#1:EIO", "unlink#1:EIO"],
      ["datasync#1:EIO:A", "unlink#1:EROFS"],
      ["syncDir#1:EIO:B", "unlink#2:EIO"],
    ]) {
      const disk = emptyDisk(...faults);
      assert.equal(await outcome(write(disk, small)), /#1:(E[A-Z]+)/.exec(faults[0])?.[1]);
      disk.checkRules();
      disk.injector.clear();
      assert.equal(await outcome(write(disk, small)), "ok");
      assert.equal(await found(disk), "whole");
    }
  });

  it("is written and read in short steps where the disk takes or gives no more", async () => {
    const disk = emptyDisk("write#1:short=1", "write#2:short=100:forever", "read#1:short=7:forever");
    assert.equal(await outcome(write(disk, small)), "ok");
    assert.equal(await found(disk), "whole");
  });

  it("is named where the disk did not keep what it was told", async () => {
    for (const fault of ["write#2:lie", "write#3:offset=512"]) {
      const disk = emptyDisk(fault);
      await write(disk, large);
      assert.equal(await found(disk), "not whole", fault);
    }
  });

  it("makes up for an error in reading ahead", async () => {
    const disk = emptyDisk();
    await write(disk, large);
    disk.injector.plant("read#4:EIO");
    const opened = await openSegment(diskEnv(disk), path);
    assert.ok(opened.outcome === "segment");
    const damages: string[] = [];
    for await (const { at, bytes, reason } of opened.segment.check()) damages.push(`${at} ${bytes} ${reason}`);
    await opened.segment.close();
    assert.deepEqual(damages, []);
  });
});
