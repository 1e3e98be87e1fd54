/** Log files that can't be removed or archived when no checkpoint needs them any more (spec 6.4, 6.7). */
import assert from "node:assert/strict";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { tinySegments } from "../../sealed-topics.ts";
import { standard } from "../../run-case.ts";
import type { Scene, SceneSetup } from "../../scene.ts";

const archived: SceneSetup = { ...tinySegments, directories: ["/archive"], wal: { archiveDirectory: "/archive" } };

/** Enough for several files, and time for the checkpoints that make the first of them superfluous. */
async function fill(scene: Scene): Promise<void> {
  for (let round = 0; round < 3; round++) {
    for (let count = 0; count < 3; count++)
      for (const topic of ["d", "f"]) await scene.append(topic, 1, { padBytes: 10_000 });
    await scene.pass(3000);
  }
  await scene.quiet();
}

/** Each says what became of the first file. */
const first = /wal-00-00000001\.log$/;

const later = {
  section: "6.4",
  server: tinySegments,
  prepare: standard,
  permits: "It stays for now and is removed later, at the latest by a start; nothing is lost",
  run: async (scene: Scene): Promise<void> => {
    await fill(scene);
    await scene.restart();
    await fill(scene);
    assert.deepEqual(scene.files(/data\/wal-00-00000001\.log$/), [], "the file is gone in the end");
  },
  outcome: { holds: { d: "1-21", f: "1-21" }, afterPowerLoss: { d: "1-21 crash:22..", f: "1-21" } },
};

const kept = {
  ...later,
  section: "6.7",
  server: archived,
  permits: "The file stays where it is until the archive takes it, which is reported; it is never in neither place",
  run: async (scene: Scene): Promise<void> => {
    const original = scene.disk.contents(scene.file(first)).subarray(0, 4096).slice();
    await fill(scene);
    scene.saw("wal-archive-failed");
    const there = scene.files(first);
    assert.ok(there.length > 0, "it is here or there");
    for (const path of there) assert.deepEqual(scene.disk.contents(path).subarray(0, 4096), original);
    scene.lift();
    await fill(scene);
    assert.deepEqual(scene.files(/data\/wal-00-00000001\.log$/), []);
    assert.equal(scene.files(/archive\/.*wal-00-00000001\.log$/).length, 1);
  },
};

export const cases: readonly FaultCase[] = faultCases([
  {
    ...later,
    name: "reclaim-log-unlink-eio",
    what: "A retired log file can't be removed",
    faults: ["unlink(wal-)#1:EIO"],
  },
  { ...later, name: "reclaim-log-unlink-ebusy", what: "A retired log file is busy", faults: ["unlink(wal-)#1:EBUSY"] },
  {
    ...later,
    name: "reclaim-log-directory-sync-eio",
    what: "Directory syncs fail for a while",
    faults: ["syncDir(/data)#2:EIO"],
  },
  { ...kept, name: "archive-link-enospc", what: "The archive is full", faults: ["link#1:ENOSPC:forever"] },
  { ...kept, name: "archive-link-eio", what: "The archive fails", faults: ["link#1:EIO:forever"] },
  {
    ...kept,
    name: "archive-copy-enospc",
    what: "The archive is on another device, and full",
    faults: ["link#1:EXDEV:forever", "write(/archive)#1:ENOSPC:forever"],
  },
  {
    ...kept,
    name: "archive-copy-sync-eio",
    what: "The archive is on another device, and the sync of a copy fails",
    faults: ["link#1:EXDEV:forever", "datasync(/archive)#1:EIO:A"],
    run: async (scene) => {
      await fill(scene);
      scene.saw("wal-archive-failed");
      await fill(scene);
      assert.equal(scene.files(/archive\/.*wal-00-00000001\.log$/).length, 1, "it is archived later");
      assert.deepEqual(scene.files(/data\/wal-00-00000001\.log$/), []);
    },
  },
  {
    ...kept,
    name: "archive-name-taken",
    what: "Something else has a log file's name in the archive",
    permits: "It is never overwritten, and the file stays; both are there",
    faults: [],
    run: async (scene) => {
      const source = scene.file(/data\/wal-00-00000001\.log$/);
      const id = Buffer.from(scene.disk.contents(source).subarray(16, 32)).toString("hex");
      const taken = `/archive/${id}-wal-00-00000001.log`;
      const other = Buffer.from("something else");
      scene.add(taken, "something else", other);
      await fill(scene);
      scene.saw("wal-archive-failed", ({ errno }) => errno === "EEXIST");
      assert.deepEqual(Buffer.from(scene.disk.contents(taken)), other);
      assert.ok(scene.disk.files().includes(source));
    },
    outcome: { holds: { d: "1-12", f: "1-12" }, afterPowerLoss: { d: "1-12 crash:13..", f: "1-12" } },
  },
  {
    ...later,
    name: "reclaim-log-comes-back",
    what: "A log file that was retired and removed is there again",
    permits: "It is ignored, and removed again: no record of it comes back",
    run: async (scene) => {
      const path = scene.file(/data\/wal-00-00000001\.log$/);
      const copy = scene.disk.contents(path).slice();
      await fill(scene);
      await fill(scene);
      assert.ok(!scene.disk.files().includes(path), "it is retired");
      await scene.answered(undefined, scene.client.deleteBefore("d", 3), "delete of two");
      await scene.quiet();
      scene.kill();
      scene.add(path, "its old bytes", copy);
      await scene.startAfter("kill");
      assert.ok(!scene.disk.files().includes(path), "it is gone again");
    },
    outcome: { holds: { d: "3-21", f: "1-21" }, afterPowerLoss: { d: "3-21 crash:22..", f: "1-21" } },
  },
]);
