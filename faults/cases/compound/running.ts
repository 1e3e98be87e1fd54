/** Two faults at once, or one behind the other, on a running server (spec 8.4). */
import assert from "node:assert/strict";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { sealed, sealMore, tinySegments } from "../../sealed-topics.ts";
import { latches } from "../../usual-outcomes.ts";

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "compound-short-write-then-failed-sync",
    section: "6.6",
    what: "A write comes short and is completed; the sync behind it fails and the cache forgets it",
    permits: "Refused for certain and never found; the shard is read-only",
    faults: ["write(wal-)#1:short=half", "datasync(wal-)#1:EIO:B"],
    run: async (scene) => {
      await scene.refused("wal_unavailable", "f", 3, { padBytes: 500 });
      await scene.pass(500);
      scene.saw("wal-latched", ({ rescued }) => rescued);
    },
    outcome: latches(3),
    guards: [4, 5],
  },
  {
    name: "compound-full-disk-then-failed-sync",
    section: "6.6",
    what: "The disk is full, so that no new file can be had; then a sync fails",
    permits: "The spare that is kept takes what was acked; nothing of it is lost",
    faults: ["datasync(wal-00-00000001)#2:EIO:B"],
    run: async (scene) => {
      scene.freeBytes(0);
      await scene.append("f", 1);
      await scene.append("d", 2);
      await scene.refused("wal_unavailable", "f", 1);
      await scene.pass(500);
      scene.saw("wal-latched", ({ rescued }) => rescued);
      scene.disk.setFreeBytes(1 << 30);
    },
    outcome: {
      ...latches(3),
      holds: { d: "1-5", f: "1-4" },
      afterKill: { d: "1-5 crash:6..", f: "1-4" },
      afterPowerLoss: { d: "1-5 crash:6..", f: "1-4" },
    },
    guards: [4, 5],
  },
  {
    name: "compound-two-latches-in-a-row",
    section: "6.6",
    what: "A sync fails, the server is restarted, and a sync fails again",
    permits: "What was acked before either is there; what was refused is not",
    faults: ["datasync(wal-00-00000001)#1:EIO:B"],
    run: async (scene) => {
      await scene.append("d", 1);
      await scene.refused("wal_unavailable", "f", 1);
      scene.lift();
      await scene.restart("power");
      await scene.append("d", 1);
      await scene.append("f", 1);
      scene.inject("datasync(wal-)#1:EIO:A");
      await scene.append("d", 1);
      await scene.refused("wal_unavailable", "f", 1);
      await scene.pass(500);
    },
    outcome: {
      holds: { d: "1-4 crash:5.. +1-2", f: "1-4" },
      afterKill: { d: "1-4 crash:5.. +1-2 crash:3..", f: "1-4" },
      readOnly: [0],
      cacheIsNoWitness: true,
    },
    guards: [5, 73],
  },
  {
    name: "compound-both-shards-latch",
    section: "6.6",
    what: "The syncs of both shards fail",
    permits: "Both are read-only; everything that was acked is there behind the next start",
    server: { shards: 2 },
    faults: ["datasync(wal-00)#1:EIO:A", "datasync(wal-01)#1:EIO:B"],
    run: async (scene) => {
      await scene.append("d", 1);
      await scene.refused("wal_unavailable", "f", 1);
      await scene.pass(1000);
      await scene.refused("wal_unavailable", "d", 1);
      await scene.refused("wal_unavailable", "f", 1);
    },
    outcome: {
      holds: { d: "1-4", f: "1-3" },
      afterKill: { d: "1-4 crash:5..", f: "1-3" },
      afterPowerLoss: { d: "1-4 crash:5..", f: "1-3" },
      readOnly: [0, 1],
      cacheIsNoWitness: true,
    },
    guards: [5],
  },
  {
    name: "compound-death-in-the-rescue",
    section: "6.6",
    what: "A sync fails, and the process dies when the spare's header is written",
    permits:
      "What the spare has by then counts; the next start does not trust the cache, and loses nothing that was synced",
    faults: ["datasync(wal-)#1:EIO:A"],
    run: async (scene) => {
      await scene.append("d", 1);
      scene.dieBehind("write", /wal-00-00000002/);
      assert.ok(await scene.dies(() => scene.machine.until(scene.client.append("f", 1))), "it dies");
      await scene.startAfter("power");
      scene.powerLoss("none");
      await scene.startAfter("power");
    },
    outcome: { holds: { f: "1-4" }, cacheIsNoWitness: true },
    guards: [73],
  },
  {
    name: "compound-torn-write-then-power-loss",
    section: "6.6",
    what: "The disk fills up in the middle of a frame; later appends go into another file, and the power is lost",
    permits: "What was refused is never found, what was acked as `fsync` behind it is",
    faults: ["write(wal-)#1:after=700:ENOSPC"],
    run: async (scene) => {
      await scene.refused("wal_unavailable", "d", 2, { padBytes: 800 });
      await scene.append("f", 1);
      await scene.append("d", 1);
      scene.powerLoss("all");
      await scene.startAfter("power");
    },
    outcome: { holds: { d: "1-4 crash:5..", f: "1-4" } },
    guards: [6, 24],
  },
  {
    name: "compound-seal-and-checkpoint-fail",
    section: "6.6",
    what: "A seal finds no space, and the checkpoint behind it fails to sync",
    permits: "Nothing is lost; both are done later",
    server: tinySegments,
    prepare: sealed,
    faults: ["write(.seg)#1:ENOSPC", "datasync(ckpt-)#1:EIO:B"],
    run: async (scene) => {
      await sealMore(scene);
      await scene.pass(130_000);
      for (const topic of ["d", "f"]) await scene.append(topic, 4);
      await scene.pass(5000);
      await scene.shows({ d: "1-20", f: "1-20" });
    },
    outcome: { holds: { d: "1-20", f: "1-20" }, afterPowerLoss: { d: "1-20 crash:21..", f: "1-20" } },
    guards: [28],
  },
  {
    name: "compound-latch-and-checkpoint",
    section: "6.4",
    what: "A shard is read-only, and a checkpoint of it is due; then the process is killed and the power lost",
    permits: "It keeps its place and its state of the checkpoint before: nothing is retired that it needs",
    server: tinySegments,
    prepare: sealed,
    faults: ["datasync(wal-)#1:EIO:B"],
    run: async (scene) => {
      await scene.append("d", 2);
      await scene.refused("wal_unavailable", "f", 1);
      await scene.pass(10_000);
      await scene.restart("power");
      scene.powerLoss("none");
      await scene.startAfter("power");
    },
    outcome: { holds: { d: "1-14 crash:15..", f: "1-12" } },
    guards: [12, 73],
  },
  {
    name: "compound-three-losses-of-power",
    section: "1.5",
    what: "Power is lost three times, with writes in between and a checkpoint behind the first hole",
    permits: "Every hole stays announced, everything behind each of them is there",
    server: tinySegments,
    run: async (scene) => {
      for (let count = 0; count < 3; count++) {
        await scene.append("d", 1);
        scene.powerLoss("none");
        await scene.startAfter("power");
        for (const topic of ["d", "f"]) await scene.append(topic, 2);
        if (count === 0) await scene.awaits("checkpoint-written");
        await scene.quiet();
      }
    },
    outcome: {
      holds: { d: "1-3 crash:4.. +1-2 crash:3.. +1-2 crash:3.. +1-2", f: "1-9" },
    },
    guards: [22, 61, 62],
  },
  {
    name: "compound-clock-back-and-power-loss",
    section: "1.6",
    what: "Power is lost, and the machine comes back with a clock that is ten years behind",
    permits: "Seqs and `$ts` go on above what was, the lost tail is announced",
    run: async (scene) => {
      await scene.append("d", 1);
      scene.powerLoss("none");
      scene.strike("the wall clock is ten years behind");
      scene.machine.scheduler.jumpWall(-10 * 365 * 86_400_000);
      await scene.startAfter("power");
      for (const topic of ["d", "f"]) await scene.append(topic, 1);
      await scene.quiet();
      const { records } = (await scene.observe()).get("d")!;
      assert.ok(
        records.every(({ ts }, at) => at === 0 || ts >= records[at - 1].ts),
        "$ts never decreases",
      );
    },
    outcome: { holds: { d: "1-3 crash:4.. +1", f: "1-4" } },
    guards: [22],
  },
  {
    name: "compound-hung-sync-then-kill",
    section: "6.6",
    what: "A sync hangs, what waits for it is never answered, and the process is killed and then the power lost",
    permits: "What was acked before is there; the rest is there whole or not at all",
    faults: ["datasync(wal-)#1:hang"],
    run: async (scene) => {
      scene.going(scene.client.append("f", 2));
      await scene.append("d", 1);
      await scene.pass(11_000);
      scene.powerLoss("none");
      await scene.startAfter("power");
    },
    outcome: { holds: { d: "1-3 crash:4..", f: "1-3" } },
    guards: [1],
  },
  {
    name: "compound-enospc-then-eio",
    section: "6.6",
    what: "A write finds no space, and the write of the file that takes over fails",
    permits: "The shard is read-only; nothing that was refused is found",
    faults: ["write(wal-00-00000001)#1:ENOSPC", "write(wal-00-00000002)#2:EIO"],
    run: async (scene) => {
      await scene.refused("wal_unavailable", "f", 1);
      await scene.refused("wal_unavailable", "f", 1);
      await scene.pass(1000);
      scene.saw("wal-latched");
    },
    outcome: latches(3),
    guards: [6],
  },
]);
