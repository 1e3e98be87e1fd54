/** The machine runs out of something, or takes it away (spec 6.6, 9.2). */
import assert from "node:assert/strict";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { sealed, sealMore, tinySegments } from "../../sealed-topics.ts";
import { keeps } from "../../usual-outcomes.ts";
import type { Scene } from "../../scene.ts";

/** Appends until one is refused; how many were acked. */
async function fillUp(scene: Scene, topic: string): Promise<number> {
  for (let count = 0; count < 200; count++) {
    const answer = await scene.machine.until(scene.client.append(topic, 1, { padBytes: 4000 }));
    if (answer === undefined) continue;
    assert.equal(answer, "wal_unavailable");
    return count;
  }
  return assert.fail("the disk fills up");
}

function readOnlyFrom(scene: Scene): void {
  scene.injectBeside(...["open", "write", "rename", "unlink", "truncate"].map((call) => `${call}#1:EROFS:forever`));
  scene.strike("the file system is read-only from now on");
}

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "disk-full",
    section: "6.6",
    what: "The disk fills up under writers, and has room again later",
    permits: "Appends are refused before they get a seq; reads and deletes go on; appends resume when there is room",
    run: async (scene) => {
      scene.freeBytes(8192);
      const acked = await fillUp(scene, "f");
      await scene.refused("wal_unavailable", "f", 1, { padBytes: 4000 });
      await scene.shows({ d: "1-3", f: `1-${3 + acked}` });
      await scene.answered(undefined, scene.client.deleteBefore("f", 4 + acked), "delete of everything");
      await scene.shows({ d: "1-3", f: "" });
      scene.disk.setFreeBytes(1 << 30);
      await scene.pass(5000);
      await scene.append("f", 1);
      await scene.append("d", 1);
      await scene.quiet();
      await scene.answered(undefined, scene.client.deleteBefore("f", 1000), "delete of what came later");
    },
    outcome: { holds: { d: "1-4", f: "" }, afterPowerLoss: { d: "1-4 crash:5.." } },
  },
  {
    name: "disk-full-for-checkpoints",
    section: "6.6",
    what: "The disk is full, and what was sealed is deleted",
    permits: "Deletes and checkpoints go on from the reserve, so that space comes back, and appends resume",
    server: tinySegments,
    prepare: sealed,
    run: async (scene) => {
      scene.freeBytes(4096);
      await fillUp(scene, "d");
      const written = scene.count("checkpoint-written");
      for (const topic of ["d", "f"])
        await scene.answered(undefined, scene.client.deleteBefore(topic, 1000), `delete of everything in ${topic}`);
      await scene.pass(30_000);
      assert.ok(scene.count("checkpoint-written") > written, "a checkpoint comes");
      scene.disk.setFreeBytes(1 << 30);
      await scene.pass(5000);
    },
    outcome: { holds: { d: "", f: "" } },
    guards: [28],
  },
  {
    name: "disk-full-at-a-start",
    section: "6.5",
    what: "There is not one free byte when the server starts",
    permits: "The start is refused, and says how many bytes are needed; with room it finds everything",
    prepare: async (scene) => {
      await scene.startAfter("none");
      for (const topic of ["d", "f"]) {
        const durability = topic === "d" ? "disk" : "fsync";
        await scene.answered(undefined, scene.client.create(topic, durability), `creation of ${topic}`);
        await scene.append(topic, 3);
      }
      await scene.quiet();
      scene.kill();
    },
    run: async (scene) => {
      for (const path of scene.files(/RESERVE|\.tmp$/)) scene.disk.damage(path, () => new Uint8Array(0));
      for (const path of scene.files(/wal-.*\.log$/))
        if (scene.disk.contents(path)[0] === 0) scene.disk.damage(path, () => undefined);
      scene.freeBytes(0);
    },
    outcome: { refuses: "space", says: /\d+ bytes/, holds: { d: "1-3", f: "1-3" } },
  },
  {
    name: "descriptors-run-out",
    section: "9.2",
    what: "No file can be opened for a minute, while there is work for several",
    permits:
      "What needs no new file goes on, the rest is refused or waits and is done later; no shard is read-only for it",
    server: tinySegments,
    prepare: sealed,
    faults: ["open#1:EMFILE:forever"],
    run: async (scene) => {
      const answers: string[] = [];
      for (let count = 0; count < 12; count++) {
        answers.push((await scene.machine.until(scene.client.append("f", 1, { padBytes: 10_000 }))) ?? "acked");
        await scene.pass(5000);
      }
      assert.ok(
        answers.every((answer) => answer === "acked" || answer === "wal_unavailable"),
        answers.join(" "),
      );
      scene.neverSaw("wal-latched");
      scene.lift();
      await scene.pass(10_000);
      await scene.append("f", 1);
      await scene.append("d", 1);
      await scene.pass(3000);
    },
    outcome: { holds: { d: "1-13" } },
  },
  {
    name: "remounted-read-only",
    section: "9.2",
    what: "The file system becomes read-only under a running server",
    permits:
      "Appends are refused, reads go on, the process lives; the next start on a writable one finds what was acked",
    run: async (scene) => {
      readOnlyFrom(scene);
      const answer = await scene.machine.until(scene.client.append("f", 1));
      assert.ok(answer === "wal_unavailable" || answer === "unknown", String(answer));
      await scene.pass(5000);
      await scene.refused("wal_unavailable", "d", 1);
    },
    outcome: { holds: { d: "1-3", f: "1-3" }, readOnly: [0] },
  },
  {
    name: "remounted-read-only-with-an-unsynced-tail",
    section: "9.2",
    what: "The file system becomes read-only when `disk` records are acked and not synced",
    permits: "They are shown while the process lives, and there after a kill; a loss of power announces them",
    run: async (scene) => {
      await scene.append("d", 2);
      readOnlyFrom(scene);
      const answer = await scene.machine.until(scene.client.append("f", 1));
      assert.ok(answer === "wal_unavailable" || answer === "unknown", String(answer));
      await scene.pass(5000);
    },
    outcome: { holds: { d: "1-5", f: "1-3" }, readOnly: [0] },
  },
  {
    name: "four-file-calls-stuck",
    section: "6.2",
    what: "Four calls of the disk hang, as many as Node's pool has threads",
    permits: "Appends of every class go on",
    server: tinySegments,
    prepare: sealed,
    faults: ["open(.seg)#1:hang", "open(ckpt-)#1:hang"],
    run: async (scene) => {
      await sealMore(scene);
      for (let count = 0; count < 5; count++) for (const topic of ["d", "f"]) await scene.append(topic, 1);
      await scene.pass(20_000);
      for (const topic of ["d", "f"]) await scene.append(topic, 1);
      await scene.shows({ d: "1-22", f: "1-22" });
    },
    outcome: { holds: { d: "1-22", f: "1-22" }, afterPowerLoss: { d: "1-22 crash:23..", f: "1-22" } },
  },
  {
    name: "event-loop-stalls",
    section: "9.2",
    what: "The process stands still for 5 s between a write and its sync",
    permits: "Nothing but time is lost",
    faults: ["datasync(wal-)#1:delay=5000"],
    run: async (scene) => {
      const waiting = scene.going(scene.client.append("f", 1));
      await scene.append("d", 1);
      await scene.pass(6000);
      assert.equal(waiting.answer(), "acked");
    },
    outcome: keeps(4),
  },
]);
