/** A batch is there whole or not at all, whatever sectors of it survive (spec 1.3, 6.2). */
import type { FaultCase } from "../../fault-case.ts";

/** Of a batch of 20 records written but not synced, these sectors survive a loss of power. */
const survivals = [
  { name: "first-sectors", pattern: "prefix=2", words: "the first two sectors" },
  { name: "last-sectors", pattern: "suffix=2", words: "the last two sectors" },
  { name: "all-but-a-hole", pattern: "hole=3-4", words: "all sectors but one in the middle" },
] as const;

export const cases: readonly FaultCase[] = survivals.map(({ name, pattern, words }) => ({
  name: `batch-torn-${name}`,
  section: "6.2",
  what: `Power is lost when a batch is written and not synced, and of it survive ${words}`,
  permits: "Nothing of the batch is found, the cut is reported, and its seqs are announced as lost",
  run: async (scene) => {
    await scene.append("d", 20, { padBytes: 200 });
    scene.powerLoss(`tear:${scene.pendingWrite(/wal-/)}:${pattern}`);
    await scene.startAfter("power");
    scene.saw("wal-tail-cut", ({ bytes }) => bytes > 0);
    scene.saw("hole-found", ({ topic, from, to }) => topic === "d" && from === 4 && to >= 23);
  },
  outcome: { holds: { d: "1-3 crash:4..", f: "1-3" }, afterPowerLoss: { d: "1-3 crash:4..", f: "1-3" } },
  guards: [22, 24],
}));
