/** Segments that are damaged where they lie while the log still has their records (spec 6.6): served from there, and replaced. */
import { flipBit } from "../../../sim/disk/damage.ts";
import { type FaultCase } from "../../fault-case.ts";
import { sealedAndKilled, sealedHold, tinySegments } from "../../sealed-topics.ts";
import { type SegmentSpots, segmentSpots } from "../../segment-spots.ts";

const places: Readonly<Record<string, readonly [what: string, place: (spots: SegmentSpots) => number]>> = {
  payload: ["a sealed record", ({ blocks }) => blocks[0].at + 200],
  "payload-end": ["a block's payload, near its end", ({ blocks: [{ at, length }] }) => at + length - 20],
};

export const cases: readonly FaultCase[] = Object.entries(places).map(([name, [what, place]]) => ({
  name: `segment-${name}-rescued-from-the-log`,
  section: "6.6",
  what: `A bit of ${what} flips, and the log still has its records`,
  permits: "Reads give everything, from the log, and the segment is replaced by one that is whole",
  server: tinySegments,
  prepare: sealedAndKilled,
  run: async (scene) => {
    const path = "/data/seg-00000001.seg";
    const at = place(segmentSpots(scene.disk.contents(path)));
    scene.damage(path, `a bit of byte ${at} flips`, flipBit(at * 8), at);
    await scene.startAfter("kill");
    scene.saw("segment-rescued", ({ topic, firstSeq, lastSeq }) => topic === "d" && firstSeq === 1 && lastSeq === 4);
    await scene.append("d", 1);
    await scene.pass(5000);
  },
  outcome: { holds: { ...sealedHold, d: "1-13" }, afterPowerLoss: { d: "1-13 crash:14..", f: "1-12" } },
  guards: [26],
}));
