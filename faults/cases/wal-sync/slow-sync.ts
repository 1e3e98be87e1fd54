/** Syncs that take their time (spec 6.1, 6.6): nothing that they cover is acked before, and never two of them at once. */
import assert from "node:assert/strict";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { keeps } from "../../usual-outcomes.ts";

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "wal-sync-hangs",
    section: "6.6",
    what: "A sync never returns",
    permits:
      "Nothing that it covers is acked, after 10 s the shard answers 429, reads go on, and what it covered is acked if it returns after all",
    faults: ["datasync(wal-)#1:hang"],
    run: async (scene) => {
      const waiting = scene.going(scene.client.append("f", 2));
      const behind = scene.going(scene.client.append("f", 1));
      await scene.append("d", 1);
      await scene.pass(12_000);
      assert.deepEqual([waiting.answer(), behind.answer()], ["none yet", "none yet"]);
      await scene.refused("throttled", "d", 1);
      await scene.shows({ d: "1-4", f: "1-3" });
      scene.disk.gate.releaseHung();
      await scene.pass(1000);
      assert.deepEqual([waiting.answer(), behind.answer()], ["acked", "acked"]);
      await scene.append("d", 1);
      await scene.quiet();
    },
    outcome: { holds: { d: "1-5", f: "1-6" }, afterPowerLoss: { d: "1-5 crash:6..", f: "1-6" } },
    guards: [1, 71],
  },
  {
    name: "wal-sync-hangs-at-the-stop",
    section: "6.6",
    what: "A sync never returns, and the server is told to stop",
    permits: "The drain ends at its budget and says so; nothing that waits is acked, nothing acked is lost",
    faults: ["datasync(wal-)#1:hang"],
    run: async (scene) => {
      const waiting = scene.going(scene.client.append("f", 2));
      await scene.append("d", 1);
      assert.equal(await scene.machine.until(scene.machine.engine.close(2000)), false, "it is not drained");
      assert.notEqual(waiting.answer(), "acked");
      scene.kill();
    },
    outcome: { holds: { d: "1-4", f: "1-5" }, afterPowerLoss: { d: "1-3 crash:4..", f: "1-3" } },
    guards: [1],
  },
  {
    name: "wal-sync-takes-half-a-minute",
    section: "9.2",
    what: "A sync takes 30 s while others want one",
    permits: "Nothing is acked before a sync that was issued after it was written; no second sync is issued meanwhile",
    faults: ["datasync(wal-)#1:delay=30000"],
    run: async (scene) => {
      const first = scene.going(scene.client.append("f", 1));
      await scene.pass(1000);
      const second = scene.going(scene.client.append("f", 1));
      await scene.pass(8000);
      assert.deepEqual([first.answer(), second.answer()], ["none yet", "none yet"]);
      await scene.pass(30_000);
      assert.deepEqual([first.answer(), second.answer()], ["acked", "acked"]);
    },
    outcome: keeps5(),
    guards: [1, 71],
  },
  {
    name: "wal-sync-takes-a-while-and-fails",
    section: "6.2",
    what: "A sync takes 2 s and fails; what was written meanwhile waits for the next one",
    permits: "The error belongs to every byte written before it returned: both are refused and never found",
    faults: ["datasync(wal-)#1:delay=2000", "datasync(wal-)#2:EIO:B"],
    run: async (scene) => {
      const first = scene.going(scene.client.append("f", 1));
      await scene.pass(500);
      const second = scene.going(scene.client.append("f", 1));
      await scene.pass(500);
      const third = scene.going(scene.client.append("f", 1));
      await scene.pass(5000);
      assert.deepEqual(
        [first, second, third].map(({ answer }) => answer()),
        ["acked", "wal_unavailable", "wal_unavailable"],
      );
    },
    outcome: {
      holds: { d: "1-3", f: "1-4" },
      afterKill: { d: "1-3 crash:4..", f: "1-4" },
      afterPowerLoss: { d: "1-3 crash:4..", f: "1-4" },
      readOnly: [0],
      cacheIsNoWitness: true,
    },
    guards: [5, 71],
  },
]);

function keeps5(): FaultCase["outcome"] {
  return { ...keeps(3), holds: { d: "1-3", f: "1-5" }, afterPowerLoss: { d: "1-3 crash:4..", f: "1-5" } };
}
