/** What network file systems and their like answer (spec 8.4, 9.2): stale handles, calls that would block, things unknown. */
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { retiredAndKilled, retiredHold, sealed, sealMore, tinySegments } from "../../sealed-topics.ts";
import { keeps, latches } from "../../usual-outcomes.ts";
import type { Scene } from "../../scene.ts";
import { startSweep } from "../../start-sweep.ts";

const latch = {
  section: "9.2",
  permits: "The append is refused for certain and never found, the shard is read-only until the next start",
  run: async (scene: Scene): Promise<void> => {
    await scene.refused("wal_unavailable", "f", 1);
    await scene.pass(500);
    scene.saw("wal-latched", ({ rescued }) => rescued);
    await scene.refused("wal_unavailable", "d", 1);
  },
  outcome: latches(3),
};

const background = {
  section: "9.2",
  server: tinySegments,
  prepare: sealed,
  permits: "It is reported and done later; nothing is lost",
  run: async (scene: Scene): Promise<void> => {
    await sealMore(scene);
    await scene.pass(130_000);
    for (const topic of ["d", "f"]) await scene.append(topic, 4);
    await scene.pass(3000);
  },
  outcome: { holds: { d: "1-20", f: "1-20" }, afterPowerLoss: { d: "1-20 crash:21..", f: "1-20" } },
};

const reading = {
  section: "9.2",
  server: tinySegments,
  prepare: async (scene: Scene): Promise<void> => {
    await retiredAndKilled(scene);
    await scene.startAfter("kill");
  },
  permits: "That read fails with an error; the next one gives everything",
  run: async (scene: Scene): Promise<void> => {
    await scene.failsToRead("d");
    await scene.shows(retiredHold);
  },
  outcome: { holds: retiredHold, afterPowerLoss: { d: "1-20 crash:21..", f: "1-20" } },
  guards: [16, 26],
};

export const cases: readonly FaultCase[] = faultCases([
  {
    ...latch,
    name: "network-write-estale",
    what: "A write to the log: the file handle is stale",
    faults: ["write(wal-)#1:ESTALE"],
  },
  {
    ...latch,
    name: "network-write-etimedout",
    what: "A write to the log times out",
    faults: ["write(wal-)#1:ETIMEDOUT"],
  },
  {
    ...latch,
    name: "network-sync-estale",
    what: "A sync of the log: the file handle is stale",
    faults: ["datasync(wal-)#1:ESTALE:A"],
    guards: [5],
  },
  {
    ...latch,
    name: "network-sync-eagain",
    what: "A sync of the log would block",
    faults: ["datasync(wal-)#1:EAGAIN:A"],
    guards: [5],
  },
  {
    ...latch,
    name: "network-sync-edquot-at-the-server",
    what: "The server finds the quota exceeded when the log is synced",
    faults: ["datasync(wal-)#1:EDQUOT:B"],
    guards: [5],
  },
  {
    ...reading,
    name: "network-read-estale",
    what: "A read of a segment: the file handle is stale",
    faults: ["read(seg-00000001.seg)#1:ESTALE"],
  },
  {
    ...reading,
    name: "network-read-eagain",
    what: "A read of a segment would block",
    faults: ["read(seg-00000001.seg)#1:EAGAIN"],
  },
  {
    ...background,
    name: "network-seal-estale",
    what: "A segment is stale when it is synced",
    faults: ["datasync(.seg)#1:ESTALE:A"],
  },
  {
    ...background,
    name: "network-checkpoint-estale",
    what: "A checkpoint is stale when it is renamed",
    faults: ["rename(ckpt-)#1:ESTALE"],
  },
  {
    ...background,
    name: "network-close-reports-the-error",
    what: "Closing a checkpoint reports that its writes have failed",
    faults: ["close(ckpt-)#1:EDQUOT"],
  },
  {
    ...background,
    name: "network-unlink-ebusy",
    what: "A file that is still open somewhere is only renamed, and busy",
    faults: ["unlink(ckpt-)#1:EBUSY"],
  },
  {
    ...background,
    name: "network-directory-sync-unsupported",
    what: "The file system can't sync directories",
    permits:
      "Nothing is treated as installed: the checkpoints that are there stay, nothing is retired, nothing is lost",
    faults: ["syncDir(/data)#1:EINVAL:forever"],
    run: async (scene) => {
      await sealMore(scene);
      await scene.pass(10_000);
      scene.saw("checkpoint-failed");
    },
    outcome: { holds: { d: "1-16", f: "1-16" }, afterPowerLoss: { d: "1-16 crash:17..", f: "1-16" } },
    guards: [9],
  },
  {
    name: "network-rename-takes-half-a-minute",
    section: "9.2",
    what: "The rename of a checkpoint takes 30 s",
    permits: "Appends and reads go on meanwhile",
    server: tinySegments,
    prepare: sealed,
    faults: ["rename(ckpt-)#1:delay=30000"],
    run: async (scene) => {
      await sealMore(scene);
      await sealMore(scene);
      await scene.shows({ d: "1-20", f: "1-20" });
      await scene.pass(60_000);
    },
    outcome: { holds: { d: "1-20", f: "1-20" }, afterPowerLoss: { d: "1-20 crash:21..", f: "1-20" } },
  },
  {
    name: "network-write-takes-half-a-minute",
    section: "9.2",
    what: "A large write takes 30 s",
    permits: "It is acked when it is there, others wait or are told to come back; nothing is lost",
    server: { wal: { fileBytes: 4 << 20 } },
    faults: ["write(wal-)#1:delay=30000"],
    run: async (scene) => {
      const large = scene.going(scene.client.append("d", 1, { padBytes: 600_000 }));
      await scene.pass(5000);
      if (large.answer() !== "none yet") throw new Error(`it was ${large.answer()} before it was written`);
      await scene.pass(40_000);
      if (large.answer() !== "acked") throw new Error(`it was ${large.answer()} when it was written`);
      await scene.append("f", 1);
    },
    outcome: keeps(4),
    guards: [1],
  },
  ...(["read", "open", "stat", "datasync"] as const).map((call) =>
    startSweep({
      call,
      effect: "ESTALE",
      name: `${call === "datasync" ? "sync" : call}-estale`,
      ...(call === "read" ? { guards: [16] } : {}),
    }),
  ),
  startSweep({ call: "tryLock", effect: "EAGAIN", name: "lock-eagain" }),
  startSweep({ call: "read", effect: "EAGAIN", name: "read-eagain", guards: [16] }),
]);
