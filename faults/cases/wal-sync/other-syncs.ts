/** Syncs that nobody waits for, or that others do not depend on (spec 6.2, 6.6). */
import assert from "node:assert/strict";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import type { Scene } from "../../scene.ts";
import { latches } from "../../usual-outcomes.ts";

/** Topics on each of two shards, found by which of them still take something. */
const names = ["d", "f", "g", "h", "i", "j"];

async function sixTopics(scene: Scene): Promise<void> {
  await scene.startAfter("none");
  for (const name of names) {
    const durability = name === "d" || name === "h" ? "disk" : "fsync";
    await scene.answered(undefined, scene.client.create(name, durability), `creation of ${name}`);
    await scene.append(name, 2);
  }
  await scene.quiet();
}

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "wal-sync-eio-in-the-background",
    section: "6.6",
    what: "The timed sync of acked `disk` records fails, and the cache forgets them",
    permits: "They are in the spare, from memory: there after a kill and after a loss of power",
    faults: ["datasync(wal-)#1:EIO:B"],
    run: async (scene) => {
      await scene.append("d", 2);
      await scene.append("d", 1);
      await scene.pass(1000);
      scene.saw("wal-latched", ({ rescued }) => rescued);
      await scene.refused("wal_unavailable", "d", 1);
    },
    outcome: {
      ...latches(3),
      holds: { d: "1-6", f: "1-3" },
      afterKill: { d: "1-6 crash:7..", f: "1-3" },
      afterPowerLoss: { d: "1-6 crash:7..", f: "1-3" },
    },
    guards: [4, 5],
  },
  {
    name: "wal-sync-eio-behind-the-mark",
    section: "6.2",
    what: "The sync of an idle shard's mark fails",
    permits: "The shard is read-only; nothing that was acked is lost",
    faults: ["datasync(wal-)#2:EIO:B"],
    run: async (scene) => {
      await scene.append("d", 1);
      await scene.pass(2000);
      scene.saw("wal-latched");
    },
    outcome: {
      ...latches(3),
      holds: { d: "1-4", f: "1-3" },
      afterKill: { d: "1-4 crash:5..", f: "1-3" },
      afterPowerLoss: { d: "1-4 crash:5..", f: "1-3" },
    },
  },
  {
    name: "wal-sync-eio-on-one-of-two-shards",
    section: "6.6",
    what: "A sync of one shard fails while both are written to",
    permits: "That shard alone is read-only; the other one goes on acking and keeps everything",
    server: { shards: 2 },
    prepare: sixTopics,
    faults: ["datasync(wal-00)#1:EIO:A"],
    run: async (scene) => {
      const answers = await scene.machine.until(Promise.all(names.map((name) => scene.client.append(name, 1))));
      assert.ok(answers.includes("wal_unavailable") && answers.includes(undefined), answers.join(" "));
      await scene.pass(500);
      const again = await scene.machine.until(Promise.all(names.map((name) => scene.client.append(name, 1))));
      scene.tell(`appends to ${names.join(" ")}: ${again.map((answer) => answer ?? "acked").join(" ")}`);
      assert.ok(again.includes("wal_unavailable") && again.includes(undefined), again.join(" "));
    },
    outcome: { holds: {}, readOnly: [0], cacheIsNoWitness: true },
    guards: [5],
  },
  {
    name: "wal-sync-eio-at-the-stop",
    section: "6.6",
    what: "The sync behind the final frame of a clean stop fails, and the cache keeps the frame",
    permits:
      "The stop is no clean one and says so; nothing acked is lost, and no later loss of power makes a start refuse",
    faults: ["datasync(wal-)#2:EIO:A"],
    run: async (scene) => {
      await scene.append("d", 1);
      assert.equal(await scene.machine.until(scene.machine.engine.close(10_000)), false, "it does not stop in order");
      scene.kill();
    },
    outcome: { holds: { d: "1-4", f: "1-3" }, afterPowerLoss: { d: "1-4 crash:5..", f: "1-3" } },
  },
]);
