/** Repair of every kind of damage (spec 6.6): the new directory starts, verifies, serves what is left, and tells the rest. */
import assert from "node:assert/strict";
import { cutTo, removed } from "../../sim/disk/damage.ts";
import type { SimulatedDisk } from "../../sim/disk/disk.ts";
import { diskEnv } from "../../sim/files/disk-env.ts";
import { noProgress } from "../../src/maintenance/progress.ts";
import { repair } from "../../src/maintenance/repair/repair.ts";
import type { RepairReport } from "../../src/maintenance/repair/repair-report.ts";
import { DirectoryLock } from "../../src/storage/lock.ts";
import { firstFrameAt } from "../../src/wal/file-header.ts";
import type { TopicContents } from "./contents.ts";
import { sealedDisk } from "./directories.ts";
import { compare, type Comparison, type Repaired, repaired, servedOn } from "./repaired.ts";

const ids = ["", "audit", "capped", "sensor", "gone", "orders"];
const names = (id: number): string => ids[id] ?? "";

/** Bits in these places; negative ones count from the end. */
function flip(...places: number[]): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    for (const at of places) bytes[at < 0 ? bytes.length + at : at] ^= 0x20;
    return bytes;
  };
}

describe("repair", () => {
  let whole: SimulatedDisk;
  let contents: ReadonlyMap<string, TopicContents>;
  before(async () => {
    whole = (await sealedDisk({ ending: "idle" })).disk;
    contents = await servedOn(whole);
  });

  const files = (disk: SimulatedDisk, pattern: RegExp): string[] =>
    disk.files().filter((path) => pattern.test(path) && disk.contents(path)[0] !== 0);
  const log = (disk: SimulatedDisk, shard: string): string => files(disk, new RegExp(`wal-${shard}-`))[0];

  async function afterDamage(damage: (disk: SimulatedDisk) => void): Promise<Repaired & Comparison> {
    const disk = whole.clone();
    damage(disk);
    const made = await repaired(disk);
    return { ...made, ...compare(made, contents, names) };
  }

  it("makes the same of a directory without damage", async () => {
    const { report, contents: after, lost, revived } = await afterDamage(() => undefined);
    assert.deepEqual([report.damaged, report.topics, lost, revived], [[], [], 0, 0]);
    assert.deepEqual([...after], [...contents]);
  });

  it("gives up the records of a block that is lost, and no others", async () => {
    const made = await afterDamage((disk) => disk.damage("/data/seg-00000005.seg", flip(3000)));
    assert.equal(made.lost, 40);
    assert.deepEqual(made.report.damaged, [
      { file: "/data/seg-00000005.seg", what: "seqs 41 to 80 of topic id 1: checksum" },
    ]);
    assert.deepEqual(
      made.report.topics.map(({ topic, givenUp }) => [topic, givenUp]),
      [["audit", [{ first: 41, last: 80 }]]],
    );
    assert.deepEqual(made.contents.get("audit")!.gaps, [{ from: 41, to: 80, reason: "corrupt" }]);
  });

  it("finds the records of a lost block in the log, where that still has them", async () => {
    const { report, lost } = await afterDamage((disk) => disk.damage("/data/seg-00000017.seg", flip(3000)));
    const [{ topic, givenUp, foundElsewhere }] = report.topics;
    assert.deepEqual([topic, lost, givenUp], ["audit", 0, []]);
    assert.deepEqual(foundElsewhere, [{ first: 201, last: 240 }]);
  });

  it("loses nothing to a damaged index, footer or directory of parts", async () => {
    for (const at of [-20, -100, -220, -300]) {
      const { lost, revived, report } = await afterDamage((disk) => disk.damage("/data/seg-00000005.seg", flip(at)));
      assert.deepEqual([lost, revived], [0, 0], `byte ${at}`);
      assert.ok(
        report.damaged.some(({ file }) => file === "/data/seg-00000005.seg"),
        `byte ${at} is named`,
      );
    }
  });

  it("gives up a whole segment file that is gone", async () => {
    const { lost, report } = await afterDamage((disk) => disk.damage("/data/seg-00000005.seg", removed));
    assert.equal(lost, 40);
    assert.deepEqual(report.topics[0].givenUp, [{ first: 41, last: 80 }]);
  });

  it("does deletes again that a damaged delete file has lost, if the log still has them, and says so if not", async () => {
    for (const change of [flip(100), removed]) {
      const redone = await afterDamage((disk) => disk.damage("/data/seg-00000001.del", change));
      assert.deepEqual([redone.lost, redone.revived], [0, 0]);
    }
    const old = await afterDamage((disk) => {
      disk.damage("/data/seg-00000001.del", removed);
      // The one delete that the log still has.
      const path = log(disk, "01");
      disk.damage(path, flip(Buffer.from(disk.contents(path)).indexOf('"match"')));
    });
    assert.deepEqual([old.lost, old.revived], [0, 10]);
    assert.match(JSON.stringify(old.report.topics), /10 records are there again that had been deleted/);
  });

  it("goes back to the checkpoint before, and loses nothing", async () => {
    for (const change of [flip(400), cutTo(100), removed]) {
      const { report, lost, revived } = await afterDamage((disk) => disk.damage(files(disk, /\.ckpt$/)[1], change));
      assert.deepEqual([report.checkpoint, lost, revived], [5, 0, 0]);
    }
  });

  it("does without a manifest", async () => {
    for (const change of [flip(40), removed]) {
      const { lost, revived, report } = await afterDamage((disk) => disk.damage("/data/MANIFEST", change));
      assert.deepEqual([lost, revived, report.checkpoint], [0, 0, 6]);
    }
  });

  it("makes what it can of log and segments where no checkpoint is left", async () => {
    const { report, ...made } = await afterDamage((disk) => {
      for (const path of files(disk, /\.ckpt$/)) disk.damage(path, flip(400));
    });
    assert.equal(report.checkpoint, undefined);
    assert.equal(made.lost, 0, "all records are in segments or frames");
    for (const topic of ["capped", "recovered-1", "recovered-5"]) assert.ok(made.contents.has(topic), topic);
    assert.ok(report.topics.find(({ id }) => id === 1)!.notes.some((note) => note.includes("creation was lost")));
  });

  it("makes what it can of segments alone", async () => {
    const { report, ...made } = await afterDamage((disk) => {
      for (const path of files(disk, /\.ckpt$|\.log$|MANIFEST/)) disk.damage(path, removed);
    });
    assert.ok(made.lost > 0 && made.lost < 5, "the tails were in the log alone");
    const { records, head } = made.contents.get("recovered-5")!;
    const before = contents.get("orders")!.records;
    assert.ok(
      [...records.keys()].every((seq) => before.has(seq)),
      "delete files tell what had been deleted",
    );
    assert.ok(records.size >= 180 && head > 2 ** 32, "how far seqs were given out is not known");
    assert.ok(report.topics.every(({ notes }) => notes.length > 0));
  });

  it("makes what it can of checkpoints and segments alone", async () => {
    const { report, ...made } = await afterDamage((disk) => {
      for (const path of files(disk, /\.log$|MANIFEST/)) disk.damage(path, removed);
    });
    assert.deepEqual([made.lost, made.revived], [2, 0]);
    assert.deepEqual(
      new Set(report.topics.map(({ topic }) => topic)),
      new Set(["audit", "capped", "orders", "sensor"]),
    );
    for (const { operations } of report.topics) assert.deepEqual(operations.at(-1)!.last, null);
  });

  it("gives up exactly the batch of a damaged frame whose header is whole", async () => {
    const { report, lost } = await afterDamage((disk) => {
      const path = log(disk, "01");
      disk.damage(path, flip(Buffer.from(disk.contents(path)).lastIndexOf('"in the tail"') + 2));
    });
    assert.equal(lost, 1);
    assert.deepEqual(
      report.topics.map(({ topic, operations, givenUp }) => [topic, operations.length, givenUp]),
      [["audit", 1, [{ first: 241, last: 241 }]]],
    );
    assert.match(report.topics[0].operations[0].what, /^records, 1 records, seqs 241 to 241: frame checksum$/);
  });

  it("gives up to the ceiling of every topic of a shard what nothing tells of", async () => {
    // The last frames are a batch each, of two topics, and a mark: their headers are gone.
    const { report, lost } = await afterDamage((disk) =>
      disk.damage(log(disk, "01"), (bytes) => {
        const end = bytes.findLastIndex((byte) => byte !== 0);
        return bytes.map((byte, at) => (at >= end - 500 && at < end ? byte ^ 0x55 : byte));
      }),
    );
    assert.equal(lost, 2);
    assert.deepEqual(new Set(report.topics.map(({ topic }) => topic)), new Set(["audit", "orders"]));
    for (const { givenUp, operations } of report.topics) {
      assert.ok(givenUp[0].last >= 1264, JSON.stringify(givenUp));
      assert.equal(operations.at(-1)!.last, null, "how many are lost is not known");
    }
  });

  it("loses nothing to damage in front of the place where its checkpoint begins", async () => {
    const { lost, revived, report } = await afterDamage((disk) =>
      disk.damage(log(disk, "00"), flip(firstFrameAt + 60, firstFrameAt + 3000)),
    );
    assert.deepEqual([lost, revived, report.topics], [0, 0, []]);
    assert.equal(report.damaged.length, 2);
  });

  it("survives log files that are missing", async () => {
    for (const [shard, most] of [
      ["00", 0],
      ["01", 2],
    ] as const) {
      const { lost } = await afterDamage((disk) => disk.damage(log(disk, shard), removed));
      assert.equal(lost, most, shard);
    }
  });

  it("leaves another attempt alone that is still at work, and takes away what one has left", async () => {
    const disk = whole.clone();
    const env = diskEnv(disk);
    const attempt = (): Promise<RepairReport> =>
      repair({ env, directory: "/data", cold: undefined, target: "/new", progress: noProgress });
    await env.fs.mkdir("/.new.repair.tmp");
    const lock = await DirectoryLock.take(env, "/.new.repair.tmp");
    const { outcome, reason } = await attempt();
    assert.deepEqual([outcome, disk.files().includes("/.new.repair.tmp/LOCK")], ["inconclusive", true]);
    assert.match(reason ?? "", /^\/new is being made by another process: /);
    await lock.release();
    assert.equal((await attempt()).outcome, "ok");
    assert.ok(!disk.files().some((path) => path.startsWith("/.new")));
  });
});
