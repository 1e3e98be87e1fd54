/** Idempotency keys and writes that fail (spec 1.9, 9.4/6): one append for a key, and none that is only believed. */
import assert from "node:assert/strict";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { keeps, latches } from "../../usual-outcomes.ts";
import { sealed, tinySegments } from "../../sealed-topics.ts";

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "key-of-a-refused-write",
    section: "1.9",
    what: "A write with a key fails for want of space and is repeated",
    permits: "The repeat appends: nothing was remembered of what failed",
    faults: ["write(wal-)#1:ENOSPC"],
    run: async (scene) => {
      await scene.refused("wal_unavailable", "d", 2, { key: "k" });
      await scene.append("d", 2, { key: "k" });
      await scene.machine.until(scene.client.repeat("d", "k", { from: 4, to: 5 }));
      await scene.append("f", 2);
    },
    outcome: keeps(5),
    guards: [31],
  },
  {
    name: "key-of-a-write-that-latched",
    section: "1.9",
    what: "The sync of a write with a key fails; the write is repeated behind the next start",
    permits: "It is refused while the shard is read-only, and appended once after the start",
    faults: ["datasync(wal-)#1:EIO:B"],
    run: async (scene) => {
      await scene.refused("wal_unavailable", "f", 2, { key: "k" });
      await scene.refused("wal_unavailable", "f", 2, { key: "k" });
      scene.lift();
      await scene.restart("power");
      await scene.append("f", 2, { key: "k" });
      await scene.machine.until(scene.client.repeat("f", "k", { from: 4, to: 5 }));
    },
    outcome: { holds: { d: "1-3 crash:4..", f: "1-5" }, afterPowerLoss: { d: "1-3 crash:4..", f: "1-5" } },
    guards: [31],
  },
  {
    name: "key-of-two-at-once",
    section: "1.9",
    what: "Two writes with one key come at once, and the write of the first fails for certain",
    permits: "The second appends, or fails as the first did: never is one acked that is not there",
    faults: ["write(wal-)#1:ENOSPC"],
    run: async (scene) => {
      const answer = await scene.machine.until(scene.client.appendTogether("f", "k", 2));
      if (answer !== undefined) await scene.append("f", 1, { key: "k" });
      await scene.append("d", 1);
      await scene.quiet();
    },
    outcome: keeps(4),
    guards: [31],
  },
  {
    name: "key-torn-with-its-batch",
    section: "6.1",
    what: "Power is lost when half of a keyed batch is on the device",
    permits: "Batch and key are gone together: a repeat appends",
    run: async (scene) => {
      await scene.append("d", 5, { key: "k", padBytes: 300 });
      scene.powerLoss(`tear:${scene.pendingWrite(/wal-/)}:prefix=2`);
      await scene.startAfter("power");
      await scene.append("d", 2, { key: "k" });
      await scene.append("f", 1);
    },
    outcome: { holds: { d: "1-3 crash:4.. +1-2", f: "1-4" } },
    guards: [24, 31],
  },
  {
    name: "key-survives-a-kill",
    section: "1.9",
    what: "The process is killed right behind the ack of a keyed write",
    permits: "The key is remembered with its batch: a repeat gets the first answer",
    run: async (scene) => {
      await scene.append("d", 2, { key: "k" });
      await scene.append("f", 2, { key: "k" });
      scene.strike("death behind the ack");
      await scene.restart();
      for (const topic of ["d", "f"]) await scene.machine.until(scene.client.repeat(topic, "k", { from: 4, to: 5 }));
    },
    outcome: keeps(5),
  },
  {
    name: "key-in-a-damaged-checkpoint",
    section: "6.6",
    what: "The newest checkpoint, which has a key, is damaged",
    permits: "The key comes from the one before and the log: a repeat gets the first answer",
    server: tinySegments,
    prepare: async (scene) => {
      await sealed(scene);
      await scene.append("d", 4, { key: "k" });
      await scene.awaits("checkpoint-written");
      await scene.quiet();
      scene.kill();
    },
    run: async (scene) => {
      const path = scene.files(/ckpt-\d+\.ckpt$/).at(-1)!;
      scene.damage(path, "its second half is zero", (bytes) => bytes.fill(0, bytes.length >> 1));
      await scene.startAfter("kill");
      await scene.machine.until(scene.client.repeat("d", "k", { from: 13, to: 16 }));
    },
    outcome: { holds: { d: "1-16", f: "1-12" }, afterPowerLoss: { d: "1-16 crash:17..", f: "1-12" } },
  },
  {
    name: "key-of-an-unknown-outcome",
    section: "6.1",
    what: "The sync of a keyed write fails, and the rescue too; it is repeated behind the next start",
    permits: "The outcome is called unknown, and there is one append for the key, whichever it is",
    faults: ["datasync(wal-)#1:EIO:A:forever"],
    run: async (scene) => {
      await scene.refused("unknown", "f", 2, { key: "k" });
      scene.lift();
      await scene.restart("power");
      const { headSeq } = scene.machine.engine.topicState("f", false);
      if (headSeq === 3) await scene.append("f", 2, { key: "k" });
      await scene.machine.until(scene.client.repeat("f", "k", { from: 4, to: 5 }));
    },
    outcome: { holds: { d: "1-3 crash:4..", f: "1-5" }, afterPowerLoss: { d: "1-3 crash:4..", f: "1-5" } },
    guards: [31],
  },
  {
    name: "key-while-read-only",
    section: "6.6",
    what: "A keyed write was acked before its shard became read-only, and is repeated then",
    permits: "The repeat gets the first answer, or is refused; it is not appended anew",
    faults: ["write(wal-)#2:EIO"],
    run: async (scene) => {
      await scene.append("d", 1, { key: "k" });
      await scene.append("f", 1).catch(() => undefined);
      await scene.pass(500);
      const again = await scene.machine.until(
        scene.client.repeat("d", "k", { from: 4, to: 4 }).then(
          () => "deduped",
          (error: unknown) => (error as { code?: string }).code,
        ),
      );
      assert.ok(again === "deduped" || again === "wal_unavailable", String(again));
    },
    outcome: {
      ...latches(3),
      holds: { d: "1-4", f: "1-3" },
      afterKill: { d: "1-4 crash:5..", f: "1-3" },
      afterPowerLoss: { d: "1-4 crash:5..", f: "1-3" },
    },
  },
]);
