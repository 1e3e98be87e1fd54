/** Two kinds of damage at rest, or damage behind a crash (spec 8.4): each costs what it costs alone, and no more. */
import { tinyStorage } from "../../../sim/crash-matrix/setup.ts";
import { flipBit, removed } from "../../../sim/disk/damage.ts";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { framesIn } from "../../log-frames.ts";
import {
  retiredAndKilled,
  retiredHold,
  sealed,
  sealedAndKilled,
  sealedHold,
  tinySegments,
} from "../../sealed-topics.ts";
import { segmentSpots } from "../../segment-spots.ts";
import type { Scene } from "../../scene.ts";

const newest = (scene: Scene): string => scene.files(/ckpt-\d+\.ckpt$/).at(-1)!;
const middle = (bytes: Uint8Array): Uint8Array => flipBit((bytes.length >> 1) * 8)(bytes);
const oldest = "/data/seg-00000001.seg";

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "compound-torn-tail-and-damaged-checkpoint",
    section: "6.6",
    what: "Power is lost with a torn tail, and the newest checkpoint is damaged",
    permits: "The one before is used, the tail is cut and announced",
    server: tinySegments,
    prepare: sealed,
    run: async (scene) => {
      await scene.append("d", 3, { padBytes: 700 });
      scene.powerLoss(`tear:${scene.pendingWrite(/wal-/)}:prefix=2`);
      scene.damage(newest(scene), "a bit in the middle flips", middle);
      await scene.startAfter("power");
      scene.saw("checkpoint-damaged");
      scene.saw("wal-tail-cut");
    },
    outcome: { holds: { d: "1-12 crash:13..", f: "1-12" } },
    guards: [11, 22],
  },
  {
    name: "compound-damaged-checkpoint-and-missing-log",
    section: "6.6",
    what: "The newest checkpoint is damaged, and the log file that the one before needs is missing",
    permits: "The start is refused, naming the file",
    server: tinySegments,
    prepare: retiredAndKilled,
    run: async (scene) => {
      const log = scene.files(/wal-.*\.log$/).find((path) => scene.disk.contents(path)[0] > 0)!;
      scene.damage(log, "removed", removed);
      scene.damage(newest(scene), "a bit in the middle flips", middle);
    },
    outcome: { refuses: "damage", holds: retiredHold },
    guards: [11, 12],
  },
  {
    name: "compound-log-damaged-behind-the-checkpoints",
    section: "6.6",
    what: "A frame is damaged that every kept checkpoint covers, in a file that is still there",
    permits: "The start is refused all the same: the file still counts, until it is retired",
    server: tinySegments,
    prepare: sealedAndKilled,
    run: async (scene) => {
      const [log] = scene.files(/wal-.*\.log$/);
      const frame = framesIn(scene.disk.contents(log)).find(({ fields }) => fields.kind === 19)!;
      const at = frame.offset + 200;
      scene.damage(log, "a bit of the records' frame flips", flipBit(at * 8), at);
    },
    outcome: { refuses: "damage", holds: sealedHold },
    guards: [14],
  },
  {
    name: "compound-two-segments-damaged",
    section: "6.6",
    what: "Records of two segments are damaged",
    permits: "Reads of both ranges fail with 500, each naming its own file",
    server: tinySegments,
    prepare: retiredAndKilled,
    run: async (scene) => {
      for (const path of [oldest, "/data/seg-00000002.seg"]) {
        const at = segmentSpots(scene.disk.contents(path)).blocks[0].at + 200;
        scene.damage(path, `a bit of byte ${at} flips`, flipBit(at * 8), at);
      }
      await scene.start();
    },
    outcome: { unreadable: { d: "1-4", f: "1-4" }, holds: { d: "5-20", f: "5-20" } },
    guards: [26],
  },
  {
    name: "compound-cold-damaged-and-hot-left",
    section: "6.3",
    what: "A cold segment is damaged, and its hot copy is there again, as after an interrupted move",
    permits: "Everything is read from the hot one",
    server: { directories: ["/cold"], storage: tinyStorage({ coldDirectory: "/cold", hotRetainSegments: 1 }) },
    prepare: retiredAndKilled,
    run: async (scene) => {
      const cold = "/cold/seg-00000001.seg";
      scene.add(oldest, "the bytes of its cold copy", scene.disk.contents(cold).slice());
      const at = segmentSpots(scene.disk.contents(cold)).blocks[0].at + 200;
      scene.damage(cold, `a bit of byte ${at} flips`, flipBit(at * 8), at);
      await scene.startAfter("kill");
    },
    outcome: { holds: retiredHold, afterPowerLoss: { d: "1-20 crash:21..", f: "1-20" } },
    guards: [26, 59],
  },
  {
    name: "compound-lock-gone-and-manifest-damaged",
    section: "6.6",
    what: "The lock file is missing and a bit of the manifest flips",
    permits: "The start is refused, naming the manifest; never a fresh start",
    server: tinySegments,
    prepare: sealedAndKilled,
    run: async (scene) => {
      scene.damage("/data/MANIFEST", "a bit of byte 40 flips", flipBit(40 * 8));
      scene.damage("/data/LOCK", "removed", removed);
    },
    outcome: { refuses: "damage", file: "/data/MANIFEST", holds: sealedHold },
  },
]);
