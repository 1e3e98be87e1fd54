/** Checkpoints that are damaged where they lie (spec 6.6): the one before is used, with the log kept for it, or none is. */
import { cutTo, flipBit, removed, zeroRange } from "../../../sim/disk/damage.ts";
import { type FaultCase, faultCases, type Outcome } from "../../fault-case.ts";
import { checkpoints, sealedAndKilled, sealedHold, tinySegments } from "../../sealed-topics.ts";
import type { Scene } from "../../scene.ts";

type Change = (bytes: Uint8Array) => Uint8Array | undefined;

const newestDamages: Readonly<Record<string, readonly [what: string, change: Change]>> = {
  "bitflip-head": ["a bit of its head flips", flipBit(20 * 8)],
  "bitflip-version": ["its version is another one", flipBit(8 * 8 + 4)],
  "torn-body": ["its second half is zero", (bytes) => zeroRange(bytes.length >> 1, bytes.length)(bytes)],
  "bitflip-body": ["a bit in the middle flips", (bytes) => flipBit((bytes.length >> 1) * 8)(bytes)],
  "bitflip-footer": ["a bit of its footer flips", (bytes) => flipBit((bytes.length - 20) * 8)(bytes)],
  zeroed: ["all of it is zero", (bytes) => bytes.fill(0)],
  truncated: ["its last byte is missing", (bytes) => cutTo(bytes.length - 1)(bytes)],
  empty: ["it has no bytes any more", cutTo(0)],
  longer: ["there is something behind its end", (bytes) => Buffer.concat([bytes, Buffer.from("more")])],
};

function newest(scene: Scene): string {
  return checkpoints(scene).at(-1)!;
}

const falls = Object.entries(newestDamages).map(([name, [what, change]]): FaultCase => ({
  name: `checkpoint-${name}-newest`,
  section: "6.6",
  what: `Of the newest checkpoint: ${what}`,
  permits: "The one before it is used, with the log that it needs, which is kept for that; the damage is reported",
  server: tinySegments,
  prepare: sealedAndKilled,
  run: async (scene) => {
    scene.damage(newest(scene), what, change);
    await scene.startAfter("kill");
    scene.saw("checkpoint-damaged");
  },
  outcome: { holds: sealedHold, afterPowerLoss: { d: "1-12 crash:13..", f: "1-12" } },
  guards: [11, 12],
}));

const refused: Outcome = { refuses: "damage", holds: sealedHold };
const at = { section: "6.6", server: tinySegments, prepare: sealedAndKilled, outcome: refused };

export const cases: readonly FaultCase[] = faultCases([
  ...falls,
  {
    ...at,
    name: "checkpoint-older-damaged",
    what: "A bit of the older of two checkpoints flips",
    permits: "The newest is used, and the older one does not count as kept any more",
    run: async (scene) => {
      scene.damage(checkpoints(scene)[0], "a bit in the middle flips", (bytes) =>
        flipBit((bytes.length >> 1) * 8)(bytes),
      );
      await scene.startAfter("kill");
    },
    outcome: { holds: sealedHold, afterPowerLoss: { d: "1-12 crash:13..", f: "1-12" } },
    guards: [11],
  },
  {
    ...at,
    name: "checkpoint-every-one-damaged",
    what: "A bit of every checkpoint flips",
    permits: "The start is refused, naming one of them; never a near-empty start",
    run: async (scene) => {
      for (const path of checkpoints(scene).reverse()) scene.damage(path, "a bit of its head flips", flipBit(20 * 8));
    },
  },
  {
    ...at,
    name: "checkpoint-newest-missing",
    what: "The newest checkpoint, which the manifest names, is missing",
    permits: "The start is refused, naming it",
    run: async (scene) => scene.damage(newest(scene), "removed", removed),
  },
  {
    ...at,
    name: "checkpoint-oldest-missing",
    what: "The older of two checkpoints, which the manifest names, is missing",
    permits: "The start is refused, naming it",
    run: async (scene) => scene.damage(checkpoints(scene)[0], "removed", removed),
  },
  {
    ...at,
    name: "checkpoint-replaced-by-the-older",
    what: "The newest checkpoint holds what the older one does",
    permits: "It is none: its number is another one. The older one is used",
    run: async (scene) => {
      const [older, newer] = checkpoints(scene);
      const copy = scene.disk.contents(older).slice();
      scene.damage(newer, `the bytes of ${older}`, () => copy);
      await scene.startAfter("kill");
      scene.saw("checkpoint-damaged");
    },
    outcome: { holds: sealedHold, afterPowerLoss: { d: "1-12 crash:13..", f: "1-12" } },
  },
  {
    ...at,
    name: "checkpoint-unfinished-left",
    what: "A checkpoint that was never finished lies there under its temporary name",
    permits: "It is ignored, and removed",
    run: async (scene) => {
      const junk = scene.disk.contents(newest(scene)).slice(0, 100);
      scene.add("/data/ckpt-00000099.ckpt.tmp", "half of a checkpoint", junk);
      await scene.startAfter("kill");
    },
    outcome: { holds: sealedHold, afterPowerLoss: { d: "1-12 crash:13..", f: "1-12" } },
  },
  {
    ...at,
    name: "checkpoint-unnamed-ignored",
    what: "A whole checkpoint that no manifest names lies there under a later number",
    permits: "It is no root: the named ones are used",
    run: async (scene) => {
      scene.add(
        "/data/ckpt-00000099.ckpt",
        "the bytes of the older one",
        scene.disk.contents(checkpoints(scene)[0]).slice(),
      );
      await scene.startAfter("kill");
    },
    outcome: { holds: sealedHold, afterPowerLoss: { d: "1-12 crash:13..", f: "1-12" } },
  },
]);
