/** The death of a process whose sync has failed (spec 6.5, 6.6): the latch note says that the page cache is no witness. */
import assert from "node:assert/strict";
import { type FaultCase, type Outcome, faultCases } from "../../fault-case.ts";
import type { Scene } from "../../scene.ts";

async function dies(scene: Scene): Promise<void> {
  await scene.append("d", 1);
  const died = await scene.dies(() => scene.machine.until(scene.client.append("f", 2)));
  assert.ok(died, "the process dies");
}

const kept: Outcome = {
  holds: { d: "1-4 crash:5..", f: "1-5" },
  afterPowerLoss: { d: "1-3 crash:4..", f: "1-3" },
  cacheIsNoWitness: true,
};

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "latch-note-then-death",
    section: "6.6",
    what: "A sync fails, the cache keeps what the device never got, and the process dies when it has left its note",
    permits:
      "The next start does not trust the cache: it writes what it keeps once more, and announces the spare seqs of `d`",
    faults: ["datasync(wal-)#1:EIO:A"],
    run: async (scene) => {
      scene.dieBehind("write", /LOCK/);
      await dies(scene);
    },
    outcome: kept,
    guards: [73],
  },
  {
    name: "latch-note-then-death-cache-reverted",
    section: "6.6",
    what: "A sync fails, the cache forgets what it covered, and the process dies when it has left its note",
    permits: "What only the cache had is lost and announced",
    faults: ["datasync(wal-)#1:EIO:B"],
    run: async (scene) => {
      scene.dieBehind("write", /LOCK/);
      await dies(scene);
    },
    outcome: {
      holds: { d: "1-3 crash:4..", f: "1-3" },
      afterPowerLoss: { d: "1-3 crash:4..", f: "1-3" },
      cacheIsNoWitness: true,
    },
    guards: [73],
  },
  {
    name: "latch-note-then-death-twice",
    section: "6.5",
    what: "As before, and the next start dies as well before it has re-established anything; then the power goes",
    permits: "The note outlives the failed start; nothing is believed that only the cache has",
    faults: ["datasync(wal-)#1:EIO:A"],
    run: async (scene) => {
      scene.dieBehind("write", /LOCK/);
      await dies(scene);
      scene.dieAt(3);
      assert.ok(await scene.dies(() => scene.start()), "the start dies");
      await scene.startAfter("power");
      await scene.shows({ d: "1-4 crash:5..", f: "1-5" });
      scene.powerLoss("none");
      await scene.startAfter("power");
    },
    outcome: { holds: { d: "1-4 crash:5..", f: "1-5" }, afterPowerLoss: { d: "1-4 crash:5..", f: "1-5" } },
    guards: [73],
  },
  {
    name: "latch-note-write-eio",
    section: "6.6",
    what: "A sync fails, and so does the write of the latch note",
    permits: "The rescue goes on all the same; nothing acked is lost while the process lives",
    faults: ["datasync(wal-)#1:EIO:B", "write(LOCK)#1:EIO"],
    run: async (scene) => {
      await scene.append("d", 1);
      const answer = await scene.machine.until(scene.client.append("f", 2));
      assert.ok(answer === "wal_unavailable" || answer === "unknown", answer);
      await scene.pass(500);
      scene.saw("wal-latched", ({ rescued }) => rescued);
    },
    outcome: {
      holds: { d: "1-4", f: "1-3" },
      afterKill: { d: "1-4", f: "1-3" },
      readOnly: [0],
    },
  },
]);
