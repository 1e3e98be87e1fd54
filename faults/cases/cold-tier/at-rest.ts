/** A cold directory that is damaged, missing, or another's (spec 6.3, 6.6). */
import { tinyStorage } from "../../../sim/crash-matrix/setup.ts";
import { cutTo, flipBit, removed } from "../../../sim/disk/damage.ts";
import { type FaultCase, faultCases, type Outcome } from "../../fault-case.ts";
import { retiredAndKilled, retiredHold } from "../../sealed-topics.ts";
import { segmentSpots } from "../../segment-spots.ts";

const refused: Outcome = { refuses: "damage", holds: retiredHold };
const at = {
  section: "6.3",
  server: {
    directories: ["/cold"],
    storage: tinyStorage({ coldDirectory: "/cold", hotRetainSegments: 1 }),
  },
  prepare: retiredAndKilled,
  permits: "The start is refused, naming the file",
  outcome: refused,
};
const oldest = "/cold/seg-00000001.seg";

export const cases: readonly FaultCase[] = faultCases([
  {
    ...at,
    name: "cold-segment-missing",
    what: "A segment that a checkpoint names is in neither directory",
    run: async (scene) => scene.damage(oldest, "removed", removed),
    // It may be either; the hot directory is where it would be looked for first.
    outcome: { ...refused, says: /seg-00000001\.seg/, file: "/data/seg-00000001.seg" },
  },
  {
    ...at,
    name: "cold-segment-truncated",
    what: "A cold segment has lost its second half",
    run: async (scene) => scene.damage(oldest, "cut in half", (bytes) => cutTo(bytes.length >> 1)(bytes)),
  },
  {
    ...at,
    name: "cold-segment-bitflip",
    what: "A bit of a record in a cold segment flips",
    permits: "Reads of that range fail with 500 and name the segment; every other record is as it was",
    run: async (scene) => {
      const place = segmentSpots(scene.disk.contents(oldest)).blocks[0].at + 200;
      scene.damage(oldest, `a bit of byte ${place} flips`, flipBit(place * 8), place);
      await scene.start();
    },
    outcome: { unreadable: { d: "1-4" }, holds: { d: "5-20", f: "1-20" } },
    guards: [26],
  },
  {
    ...at,
    name: "cold-mark-missing",
    what: "The file that says whose the cold directory is is missing",
    run: async (scene) => scene.damage("/cold/COLD", "removed", removed),
  },
  {
    ...at,
    name: "cold-mark-bitflip",
    what: "A bit of the file that says whose the cold directory is flips",
    run: async (scene) => scene.damage("/cold/COLD", "a bit flips", flipBit(15 * 8)),
  },
  {
    ...at,
    name: "cold-hot-copy-comes-back",
    what: "A hot file that was removed behind its cold copy is there again",
    permits: "It is the same and is taken or removed; every record is there once",
    run: async (scene) => {
      scene.add("/data/seg-00000001.seg", "the bytes of its cold copy", scene.disk.contents(oldest).slice());
      await scene.startAfter("kill");
    },
    outcome: { holds: retiredHold, afterPowerLoss: { d: "1-20 crash:21..", f: "1-20" } },
  },
  {
    ...at,
    name: "cold-junk-ignored",
    what: "Files that are not ours lie in the cold directory",
    permits: "They are left alone",
    run: async (scene) => {
      scene.add("/cold/notes.txt", "somebody's", Buffer.from("mine"));
      scene.add("/cold/seg-1.seg", "not quite one of our names", Buffer.from("mine"));
      await scene.startAfter("kill");
      if (scene.files(/notes\.txt|seg-1\.seg/).length !== 2) throw new Error("they are gone");
    },
    outcome: { holds: retiredHold, afterPowerLoss: { d: "1-20 crash:21..", f: "1-20" } },
  },
]);
