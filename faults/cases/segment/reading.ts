/** Reads of a segment that fail or come short while the file is whole (spec 6.6, 9.2): never the end of the log. */
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { retiredAndKilled, retiredHold, tinySegments } from "../../sealed-topics.ts";
import type { Scene } from "../../scene.ts";

const mended = {
  section: "9.2",
  server: tinySegments,
  prepare: async (scene: Scene): Promise<void> => {
    await retiredAndKilled(scene);
    await scene.startAfter("kill");
  },
  permits: "Everything is read",
  run: (scene: Scene): Promise<void> => scene.shows(retiredHold),
  outcome: { holds: retiredHold, afterPowerLoss: { d: "1-20 crash:21..", f: "1-20" } },
};

/** A read of `d` from 0 fails, and nothing is given for what could not be read. */
async function failsOnce(scene: Scene): Promise<void> {
  await scene.failsToRead("d");
  await scene.shows(retiredHold);
}

export const cases: readonly FaultCase[] = faultCases([
  {
    ...mended,
    name: "segment-read-short",
    what: "Reads of segments give one byte, and half of what was asked for",
    faults: ["read(.seg)#1:short=1", "read(.seg)#3:short=half"],
    guards: [7],
  },
  {
    ...mended,
    name: "segment-read-eio-once",
    what: "A read of a segment fails once",
    permits: "That read fails with 500, or is repeated; the next one gives everything",
    faults: ["read(seg-00000001.seg)#1:EIO"],
    run: failsOnce,
    guards: [16, 26],
  },
  {
    ...mended,
    name: "segment-read-early-end",
    what: "A read of a segment says that the file ends there, once",
    permits: "That read fails with 500; the next one gives everything",
    faults: ["read(seg-00000001.seg)#1:short=0"],
    run: failsOnce,
    guards: [16, 26],
  },
  {
    ...mended,
    name: "segment-read-flip-once",
    what: "A read of a segment gives a wrong bit, once",
    permits: "Never served: that read fails with 500, or is repeated; the next one gives everything",
    faults: ["read(seg-00000001.seg)#2:flip=900"],
    run: failsOnce,
    guards: [26],
  },
]);
