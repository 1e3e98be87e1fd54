/** The directory lock (spec 6.6, 9.2): one holder at a time, told by the lock itself and not by what the file says. */
import assert from "node:assert/strict";
import { StartRefusal } from "../../../src/storage/refusal.ts";
import { cutTo, flipBit, removed } from "../../../sim/disk/damage.ts";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { standard } from "../../run-case.ts";
import { keeps } from "../../usual-outcomes.ts";
import type { Scene } from "../../scene.ts";

const lock = "/data/LOCK";
const noteAt = 4096;

async function refusedAsBusy(start: Promise<void>, holder: RegExp): Promise<void> {
  await assert.rejects(start, (error) => {
    assert.ok(error instanceof StartRefusal && error.kind === "busy", String(error));
    assert.match(error.message, holder);
    return true;
  });
}

const starts = {
  section: "6.6",
  prepare: async (scene: Scene): Promise<void> => {
    await standard(scene);
    scene.kill();
  },
  permits: "The start succeeds: nobody holds the lock, whatever the file says",
  outcome: keeps(3),
};

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "lock-held-by-a-living-server",
    section: "6.6",
    what: "A second process comes while the first one runs",
    permits: "It is refused at once, with the holder's pid; the first one does not even notice",
    run: async (scene) => {
      scene.strike("a second process starts");
      await refusedAsBusy(scene.second(), /in use by another process: pid 1000 started/);
      await scene.append("d", 1);
      await scene.append("f", 1);
      await refusedAsBusy(scene.second(), /pid 1000 started/);
    },
    outcome: keeps(4),
    guards: [29],
  },
  {
    name: "lock-held-and-its-text-gone",
    section: "6.6",
    what: "A second process comes while the first one runs, and what the file said of the holder is gone",
    permits: "It is refused all the same: the lock decides, not the text",
    run: async (scene) => {
      scene.damage(lock, "the first sector is zero", (bytes) => bytes.fill(0, 0, 512));
      await refusedAsBusy(scene.second(), /unknown holder/);
      await scene.append("f", 1);
      await scene.append("d", 1);
      await scene.quiet();
    },
    outcome: keeps(4),
    guards: [29],
  },
  {
    name: "lock-held-and-its-holder-does-not-answer",
    section: "6.6",
    what: "A second process comes while the first one hangs in a sync for a quarter of an hour",
    permits: "It is refused: a stopped holder keeps the lock",
    faults: ["datasync(wal-)#1:hang"],
    run: async (scene) => {
      const waiting = scene.going(scene.client.append("f", 1));
      await scene.pass(900_000);
      await refusedAsBusy(scene.second(), /pid 1000 started/);
      scene.disk.gate.releaseHung();
      await scene.pass(1000);
      assert.equal(waiting.answer(), "acked");
      await scene.append("d", 1);
      await scene.quiet();
    },
    outcome: keeps(4),
    guards: [29],
  },
  {
    ...starts,
    name: "lock-left-by-the-dead",
    what: "The file names a process that was killed",
    run: async (scene) => {
      scene.strike("the holder is dead");
      await scene.startAfter("kill");
    },
  },
  {
    ...starts,
    name: "lock-text-garbage",
    what: "The file says something else",
    run: async (scene) => {
      scene.damage(lock, "garbage for a text", (bytes) => bytes.fill(0xfe, 0, 512));
      await scene.startAfter("kill");
    },
  },
  {
    ...starts,
    name: "lock-truncated",
    what: "The file has no bytes any more",
    run: async (scene) => {
      scene.damage(lock, "cut to 0 bytes", cutTo(0));
      await scene.startAfter("kill");
    },
  },
  {
    ...starts,
    name: "lock-missing",
    what: "The file is missing",
    permits: "It is made again",
    run: async (scene) => {
      scene.damage(lock, "removed", removed);
      await scene.startAfter("kill");
    },
  },
  {
    ...starts,
    name: "lock-note-stray-bit",
    what: "A bit flips where a latch note would stand",
    permits: "It is no note: the page cache is trusted, and nothing is announced",
    run: async (scene) => {
      scene.damage(lock, "a bit of the note's sector flips", flipBit((noteAt + 9) * 8));
      await scene.startAfter("kill");
    },
  },
  {
    ...starts,
    name: "lock-note-damaged",
    what: "A latch note stands there with half of its bits wrong",
    permits: "It is a note: the page cache is not trusted, and spare seqs are announced",
    run: async (scene) => {
      scene.damage(lock, "a damaged note", (bytes) => bytes.fill(0x55, noteAt, noteAt + 500));
      await scene.startAfter("power");
    },
    outcome: {
      holds: { d: "1-3 crash:4..", f: "1-3" },
      afterPowerLoss: { d: "1-3 crash:4..", f: "1-3" },
      cacheIsNoWitness: true,
    },
    guards: [73],
  },
]);
