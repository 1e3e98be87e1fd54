import assert from "node:assert/strict";
import {
  DeleteFile,
  readDeletes,
  scanDeletes,
  takeDeletes,
  type DeletedRange,
  type DeleteEnd,
} from "../../src/segment/delete-file.ts";
import { directoryId } from "../../src/segment/testing/sample.ts";
import { flipBit } from "../disk/damage.ts";
import { SimulatedDisk } from "../disk/disk.ts";
import { outcome } from "../disk/fs-contract.ts";
import { survivals } from "../disk/survivals.ts";
import { printSurvival } from "../disk/survival.ts";
import { diskEnv } from "./disk-env.ts";

const number = 4;
const path = "/data/seg-00000004.del";

/** Range n, which is unlike any other. */
const range = (n: number): DeletedRange => ({
  ...{ part: n % 3, block: n, first: 2 * n, last: 3 * n, bytes: 10 * n },
  ...{ stamp: 1_900_000_000_000_000 + n, op: n + 7 },
});
const ranges = (from: number, to: number): DeletedRange[] =>
  Array.from({ length: to - from }, (_, i) => range(from + i));

const emptyDisk = (...faults: string[]): SimulatedDisk => new SimulatedDisk({ directories: ["/data"], faults });
const fileOn = (disk: SimulatedDisk, end?: DeleteEnd): DeleteFile =>
  new DeleteFile(diskEnv(disk), "/data", directoryId, number, end);

/** Fails unless everything up to `end` is there; gives how many ranges that is. */
async function readable(disk: SimulatedDisk, end: DeleteEnd): Promise<number> {
  const found = await readDeletes(diskEnv(disk), path, directoryId, number, end);
  assert.ok(found.ok, found.ok ? "" : `${found.reason} at ${found.at}`);
  assert.deepEqual(found.ranges, ranges(0, found.ranges.length));
  return found.ranges.length;
}

/** `after`: what a checkpoint may name, and the number of ranges it stands for. */
interface Run {
  readonly after: { readonly end: DeleteEnd; readonly count: number }[];
}

/** Three flushes of 1, 20 and 3 ranges; notes what is synced. */
async function flushes(file: DeleteFile, from: number, run: Run): Promise<void> {
  let count = from;
  for (const more of [1, 20, 3]) {
    file.stage(ranges(count, count + more));
    await file.flush();
    count += more;
    assert.deepEqual(file.synced, file.end);
    run.after.push({ end: file.synced!, count });
  }
}

/** Every image of a crash at every mutating call of `work` on a disk made by `make`. */
async function crashes(
  make: () => Promise<{ disk: SimulatedDisk; work: (run: Run) => Promise<void>; run: Run }>,
  examine: (image: SimulatedDisk, run: Run, id: string) => Promise<void>,
): Promise<number> {
  let images = 0;
  for (let crashed = true, call = 0; crashed; call++) {
    const { disk, work, run } = await make();
    disk.crashAt(disk.gate.mutations + call);
    crashed = (await disk.run(() => work(run))).died;
    await examine(disk.clone(), run, `call ${call}, killed`);
    for (const survival of survivals(disk.pending, { exhaustive: true })) {
      await examine(disk.powerLoss(survival), run, `call ${call}, ${printSurvival(survival)}`);
      images++;
    }
  }
  return images;
}

/** What is known to be there is; and the next run goes on from it. */
async function examineRun(image: SimulatedDisk, run: Run, id: string): Promise<void> {
  const known = run.after.at(-1);
  try {
    for (const { end, count } of run.after) assert.equal(await readable(image, end), count);
    const file = fileOn(image, known?.end);
    const count = known?.count ?? 0;
    const end = file.stage(ranges(count, count + 2));
    await file.flush();
    assert.equal(await readable(image.powerLoss("none"), end), count + 2);
    const found = await scanDeletes(diskEnv(image), path);
    assert.deepEqual([found.end, found.stop], [end, undefined], "nothing lies beyond the end");
    image.checkRules();
  } catch (error) {
    throw new Error(id, { cause: error });
  }
}

describe("a file of deletes and the death of its writer", () => {
  it("has all that was ever known to be there, at whatever call it comes, and whatever the disk keeps", async () => {
    const images = await crashes(async () => {
      const disk = emptyDisk();
      const file = fileOn(disk);
      return { disk, run: { after: [] }, work: (run) => flushes(file, 0, run) };
    }, examineRun);
    assert.ok(images > 50, `${images} images`);
  });

  it("has it, too, when an earlier run went further than its checkpoint, or left something of its own", async () => {
    const images = await crashes(async () => {
      const disk = emptyDisk();
      const before = fileOn(disk);
      const end = before.stage(ranges(0, 5));
      before.stage(ranges(100, 130));
      await before.flush();
      const run: Run = { after: [{ end, count: 5 }] };
      const file = fileOn(disk, end);
      return { disk, run, work: (known) => flushes(file, 5, known) };
    }, examineRun);
    assert.ok(images > 50, `${images} images`);
    await crashes(async () => {
      const disk = emptyDisk();
      const before = fileOn(disk);
      before.stage(ranges(200, 230));
      await before.flush();
      const file = fileOn(disk);
      return { disk, run: { after: [] }, work: (run) => flushes(file, 0, run) };
    }, examineRun);
  });
});

describe("a file of deletes on a faulty disk", () => {
  it("keeps what was staged when a call fails, and has it after the next flush", async () => {
    const faults = [
      "write",
      "datasync",
      "open",
      "syncDir",
      "close",
      "truncate",
      "rename",
      "stat",
      "read",
      "unlink",
    ].flatMap((name) =>
      [1, 2, 3, 4].flatMap((index) =>
        ["EIO", "EIO:A", "EIO:B", "ENOSPC"]
          .filter((effect) => !effect.includes(":") || name === "datasync" || name === "syncDir")
          .map((effect) => `${name}#${index}:${effect}`),
      ),
    );
    const pairs = faults.flatMap((first) => [
      [first],
      [first, "datasync#2:EIO:A"],
      [first, "datasync#1:EIO:B", "rename#1:EIO"],
    ]);
    let failures = 0;
    for (const planted of pairs) {
      const disk = emptyDisk();
      const before = fileOn(disk);
      const known = before.stage(ranges(0, 5));
      before.stage(ranges(100, 103));
      await before.flush();
      disk.injector.plant(...planted);
      const file = fileOn(disk, known);
      let end = known;
      for (let count = 5; count < 30; count += 5) {
        end = file.stage(ranges(count, count + 5));
        if ((await outcome(file.flush())) !== "ok") failures++;
        else assert.deepEqual(file.synced, end);
        assert.ok((await readable(disk.powerLoss("none"), file.synced!)) >= 5, planted.join(" "));
        disk.checkRules();
      }
      disk.injector.clear();
      await file.flush();
      for (const image of [disk, disk.powerLoss("none")])
        assert.equal(await readable(image, end), 30, planted.join(" "));
      disk.checkRules();
    }
    assert.ok(failures > 50, `${failures} failures`);
  });

  it("is made anew when its first flush fails", async () => {
    for (const fault of [
      "open#1:EMFILE",
      "write#1:after=60:ENOSPC",
      "datasync#1:EIO:A",
      "syncDir#1:EIO:B",
      "close#1:EIO",
    ]) {
      const disk = emptyDisk(fault);
      const file = fileOn(disk);
      file.stage(ranges(0, 5));
      assert.notEqual(await outcome(file.flush()), "ok");
      assert.equal(file.synced, undefined);
      const end = file.stage(ranges(5, 6));
      await file.flush();
      assert.equal(await readable(disk.powerLoss("none"), end), 6);
      disk.checkRules();
    }
  });

  it("is cut durably before anything is appended in a run, once", async () => {
    const disk = emptyDisk();
    const before = fileOn(disk);
    const end = before.stage(ranges(0, 2));
    before.stage(ranges(100, 103));
    await before.flush();
    const calls: string[] = [];
    disk.onCall(({ name }) => calls.push(name));
    const file = fileOn(disk, end);
    for (const count of [2, 3]) {
      file.stage(ranges(count, count + 1));
      await file.flush();
    }
    const changes = calls.filter((name) => name === "truncate" || name === "write" || name === "datasync");
    assert.deepEqual(changes, ["truncate", "datasync", "write", "datasync", "write", "datasync"]);
  });

  it("takes flushes one after another, and what is staged meanwhile with the next", async () => {
    const disk = emptyDisk("datasync#1:hang");
    const file = fileOn(disk);
    const first = file.stage(ranges(0, 2));
    const one = file.flush();
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    const second = file.stage(ranges(2, 9));
    const two = file.flush();
    assert.equal(file.synced, undefined);
    disk.gate.releaseHung();
    await one;
    assert.deepEqual(file.synced, first);
    await two;
    assert.deepEqual(file.synced, second);
    assert.equal(await readable(disk.powerLoss("none"), second), 9);
    const calls = disk.gate.issued;
    await file.flush();
    assert.equal(disk.gate.issued, calls, "nothing to do, nothing done");
  });

  it("refuses to go on when what was known to be there is not", async () => {
    const disk = emptyDisk();
    const before = fileOn(disk);
    before.stage(ranges(0, 2));
    await before.flush();
    const longer = before.stage(ranges(2, 3));
    const file = fileOn(disk, longer);
    file.stage(ranges(3, 4));
    await assert.rejects(file.flush(), { name: "SegmentDamage", at: 144 });
  });
});

describe("a file of deletes, read", () => {
  async function written(): Promise<{ disk: SimulatedDisk; end: DeleteEnd; whole: DeleteEnd }> {
    const disk = emptyDisk();
    const file = fileOn(disk);
    const end = file.stage(ranges(0, 6));
    const whole = file.stage(ranges(6, 8));
    await file.flush();
    return { disk, end, whole };
  }

  const read = async (disk: SimulatedDisk, end: DeleteEnd): Promise<string> => {
    const found = await readDeletes(diskEnv(disk), path, directoryId, number, end);
    return found.ok ? `${found.ranges.length} ranges` : `${found.reason} at ${found.at}`;
  };

  it("has no bit below its end whose change goes unnoticed, and none above that matters", async () => {
    const { disk, end, whole } = await written();
    for (let bit = 0; bit < 8 * whole.bytes; bit++) {
      disk.damage(path, flipBit(bit));
      const found = await readDeletes(diskEnv(disk), path, directoryId, number, end);
      if (bit >= 8 * end.bytes) assert.ok(found.ok && found.ranges.length === 6);
      else {
        assert.ok(!found.ok);
        assert.ok(found.at <= bit >> 3 && bit >> 3 < found.at + 48, `bit ${bit}: ${found.reason} at ${found.at}`);
        const { ranges: good, end: last, stop } = await scanDeletes(diskEnv(disk), path);
        assert.deepEqual(good, ranges(0, Math.max(0, Math.floor((bit >> 3) / 48) - 1)));
        assert.deepEqual([last?.bytes ?? 0, stop?.at], [found.at, found.at]);
      }
      disk.damage(path, flipBit(bit));
    }
  });

  it("tells what its taker could not do from what is wrong with it", async () => {
    const { disk, end } = await written();
    const full = (): never => {
      throw Object.assign(new Error("full"), { code: "ENOSPC" });
    };
    assert.equal(await outcome(takeDeletes(diskEnv(disk), path, directoryId, number, end, full)), "ENOSPC");
    const taken: DeletedRange[] = [];
    const take = (some: readonly DeletedRange[]): void => void taken.push(...some);
    assert.equal(await takeDeletes(diskEnv(disk), path, directoryId, number, end, take), undefined);
    assert.deepEqual(taken, ranges(0, 6));
  });

  it("is missing what it is missing", async () => {
    const { disk, end, whole } = await written();
    assert.equal(await read(disk, end), "6 ranges");
    assert.equal(
      await read(disk, { bytes: end.bytes, hash: whole.hash }),
      `another hash than the one it was known to end with at ${end.bytes - 8}`,
    );
    assert.equal(await read(disk, { bytes: whole.bytes + 48, hash: 1n }), "it ends there, short of 480 at 432");
    assert.equal(await read(disk, { bytes: end.bytes + 1, hash: 1n }), "an end at 337, where no entry ends at 48");
    assert.equal(await read(emptyDisk(), end), "it is missing at 0");
    disk.injector.plant("read#2:EIO");
    assert.equal(await read(disk, end), "EIO at 48");
    const other = await readDeletes(diskEnv(disk), path, "f".repeat(32), number, end);
    assert.deepEqual(other, { ok: false, reason: `it belongs to directory ${directoryId}`, at: 0 });
    const wrong = await readDeletes(diskEnv(disk), path, directoryId, 5, end);
    assert.deepEqual(wrong, { ok: false, reason: "it belongs to segment file 4", at: 0 });
  });
});
