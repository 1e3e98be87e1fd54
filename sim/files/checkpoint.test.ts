import assert from "node:assert/strict";
import type { CheckpointHead, Section } from "../../src/checkpoint/format.ts";
import { prune } from "../../src/checkpoint/prune.ts";
import { openCheckpoint } from "../../src/checkpoint/reader.ts";
import { writeCheckpoint } from "../../src/checkpoint/writer.ts";
import { errnoOf } from "../../src/env/env.ts";
import { describeCall } from "../disk/call.ts";
import { SimulatedDisk } from "../disk/disk.ts";
import { outcome } from "../disk/fs-contract.ts";
import { survivals } from "../disk/survivals.ts";
import { printSurvival } from "../disk/survival.ts";
import { diskEnv } from "./disk-env.ts";

const directoryId = "0123456789abcdef0123456789abcdef";
const headOf = (number: number): CheckpointHead => ({ directoryId, number, stamp: 1_900_000_000_000_000 + number });
const payload = (length: number): Uint8Array => new Uint8Array(length).fill(0x61);
const small: Section[] = [
  { kind: 1, shard: 0, payload: payload(900) },
  { kind: 2, shard: 1, payload: payload(1500) },
];
/** Long enough for a step and a rest. */
const large: Section[] = Array.from({ length: 5 }, (_, kind) => ({ kind, shard: 0, payload: payload(1 << 20) }));
const longest = 64 + 40 + large.length * (32 + (1 << 20));

async function found(disk: SimulatedDisk, number: number): Promise<string> {
  const env = diskEnv(disk);
  const opened = await openCheckpoint(env, "/data", directoryId, number);
  if (opened.outcome !== "checkpoint") return opened.outcome;
  let bytes = 64 + 40;
  for await (const section of opened.sections()) bytes += 32 + section.payload.length;
  return `${bytes === opened.bytes && opened.head.number === number ? "whole" : "not whole"}`;
}

/** With checkpoint 1 durable. */
async function diskWithOne(...faults: string[]): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ directories: ["/data"] });
  await writeCheckpoint(diskEnv(disk), "/data", headOf(1), small);
  disk.injector.plant(...faults);
  return disk;
}

const write = (disk: SimulatedDisk, sections = small): Promise<unknown> =>
  writeCheckpoint(diskEnv(disk), "/data", headOf(2), sections);

describe("a checkpoint and the death of its writer", () => {
  it("is there whole or not at all, at whatever call it comes, and whatever the disk keeps", async () => {
    let images = 0;
    for (const sections of [small, large]) {
      for (let crashed = true, call = 0; crashed; call++) {
        const disk = await diskWithOne();
        disk.crashAt(disk.gate.mutations + call);
        crashed = (await disk.run(() => write(disk, sections))).died;
        const isInstalled = !crashed;
        const choice = sections === small ? ({ exhaustive: true } as const) : { sample: 5, seed: call };
        const after = [disk.clone(), ...survivals(disk.pending, choice).map((each) => disk.powerLoss(each))];
        for (const image of after) {
          const outcomes = [await found(image, 1), await found(image, 2)];
          assert.equal(outcomes[0], "whole");
          assert.ok(
            outcomes[1] === "whole" || (outcomes[1] === "absent" && !isInstalled),
            `call ${call}: ${outcomes[1]}`,
          );
          images++;
        }
        // The next run tries again, over what is left.
        const next = after[after.length - 1];
        await write(next);
        assert.deepEqual(await prune(diskEnv(next), "/data", [2]), [1]);
        assert.deepEqual(next.powerLoss("none").files(), ["/data/ckpt-00000002.ckpt"]);
        next.checkRules();
      }
    }
    assert.ok(images > 100, `${images} images`);
  });

  it("survives any loss of power once it is written", async () => {
    const disk = await diskWithOne();
    await write(disk);
    assert.deepEqual(survivals(disk.pending, { exhaustive: true }).map(printSurvival), ["all"]);
    assert.equal(await found(disk.powerLoss("none"), 2), "whole");
  });
});

describe("a checkpoint on a faulty disk", () => {
  it("is given up at any call that fails, with its error, and leaves nothing behind", async () => {
    const calls: string[] = [];
    const whole = await diskWithOne();
    whole.onCall((call) => calls.push(describeCall(call)));
    await write(whole, large);
    const counts = new Map<string, number>();
    for (const call of calls) counts.set(call.split(" ")[0], (counts.get(call.split(" ")[0]) ?? 0) + 1);
    assert.deepEqual(Object.fromEntries(counts), { open: 1, write: 6, datasync: 2, rename: 1, syncDir: 1 });
    for (const [name, count] of counts) {
      for (let index = 1; index <= count; index++) {
        for (const errno of ["EIO", "ENOSPC"]) {
          const disk = await diskWithOne(`${name}#${index}:${errno}`);
          assert.equal(await outcome(write(disk, large)), errno);
          assert.deepEqual(disk.files(), ["/data/ckpt-00000001.ckpt"]);
          disk.checkRules();
          assert.equal(await outcome(write(disk)), "ok");
          assert.equal(await found(disk, 2), "whole");
        }
      }
    }
  });

  it("keeps the first error when the next calls fail, too", async () => {
    for (const faults of [
      ["write#1:ENOSPC", "close#1:EIO", "unlink#1:EIO"],
      ["datasync#1:EIO:A", "unlink#1:EROFS"],
      ["close#1:ENOSPC", "unlink#1:EIO"],
      ["rename#1:EXDEV", "unlink#1:EIO:forever"],
    ]) {
      const disk = await diskWithOne(...faults);
      assert.equal(await outcome(write(disk)), /#1:(E[A-Z]+)/.exec(faults[0])?.[1]);
      assert.equal(await found(disk, 2), "absent");
      disk.checkRules();
      disk.injector.clear();
      assert.deepEqual(await prune(diskEnv(disk), "/data", [1]), [2]);
      assert.equal(await outcome(write(disk)), "ok");
    }
  });

  it("fits where there is room for it, and nowhere else", async () => {
    const disk = await diskWithOne();
    disk.setFreeBytes(longest - 4096);
    assert.equal(await outcome(write(disk, large)), "ENOSPC");
    assert.deepEqual(disk.files(), ["/data/ckpt-00000001.ckpt"]);
    disk.setFreeBytes(longest + 4096);
    assert.equal(await outcome(write(disk, large)), "ok");
  });

  it("is written and read in short steps where the disk takes or gives no more", async () => {
    const disk = await diskWithOne("write#1:short=1", "write#2:short=1000:forever", "read#1:short=1:forever");
    assert.equal(await outcome(write(disk)), "ok");
    assert.equal(await found(disk, 2), "whole");
  });

  it("is not believed when it reads back as something else", async () => {
    for (const fault of ["write#1:lie", "write#1:offset=512", "read#3:flip=99", "read#2:EIO", "open#2:EMFILE"]) {
      const disk = await diskWithOne(fault);
      const error: unknown = await write(disk).then(
        () => undefined,
        (rejected: unknown) => rejected,
      );
      assert.ok(error instanceof Error && (error.name === "CheckpointDamage" || errnoOf(error) === "EMFILE"), fault);
      assert.deepEqual(disk.files(), ["/data/ckpt-00000001.ckpt"]);
    }
  });

  it("is damaged where it can't be read, and unknown where nothing can be", async () => {
    for (const index of [1, 2, 3]) {
      const disk = await diskWithOne(`read#${index}:EIO`);
      assert.equal(await found(disk, 1), "damaged");
      assert.equal(await found(disk, 1), "whole");
    }
    for (const fault of ["open#1:EMFILE", "stat#1:EIO", "read#2:ENOMEM"]) {
      const disk = await diskWithOne(fault);
      assert.match(await outcome(found(disk, 1)), /^E/, fault);
      assert.equal(await found(disk, 1), "whole");
    }
  });

  it("ends the second reading with an error when that finds something else", async () => {
    for (const fault of ["read#4:EIO", "read#5:flip=7", "read#6:flip=4000", "read#6:EIO"]) {
      const disk = await diskWithOne(fault);
      await assert.rejects(found(disk, 1), { name: "CheckpointDamage" });
    }
  });
});
