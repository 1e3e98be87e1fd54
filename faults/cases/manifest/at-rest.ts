/** A manifest that is damaged where it lies (spec 6.2, 6.5, 6.6): never a fresh start, never a near-empty one. */
import { cutTo, flipBit, removed } from "../../../sim/disk/damage.ts";
import { type FaultCase, faultCases, type Outcome } from "../../fault-case.ts";
import { sealedAndKilled, sealedHold, tinySegments } from "../../sealed-topics.ts";
import { hash64 } from "../../../src/base/hash.ts";

const path = "/data/MANIFEST";
const refused: Outcome = { refuses: "damage", holds: sealedHold };
const at = {
  section: "6.2",
  server: tinySegments,
  prepare: sealedAndKilled,
  permits: "The start is refused, naming the manifest",
  outcome: refused,
};

/** Its body with something else in it, and a hash that fits. */
function rewritten(change: (body: string) => string): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const length = Buffer.from(bytes).readUInt32LE(12);
    const body = Buffer.from(change(Buffer.from(bytes.subarray(16, 16 + length)).toString()));
    const whole = Buffer.alloc(16 + body.length + 8);
    whole.set(bytes.subarray(0, 12));
    whole.writeUInt32LE(body.length, 12);
    whole.set(body, 16);
    whole.writeBigUInt64LE(hash64(whole.subarray(0, 16 + body.length)), 16 + body.length);
    return whole;
  };
}

export const cases: readonly FaultCase[] = faultCases([
  {
    ...at,
    name: "manifest-missing",
    what: "The manifest is missing, and everything else is there",
    run: async (scene) => scene.damage(path, "removed", removed),
  },
  {
    ...at,
    name: "manifest-empty",
    what: "The manifest has no bytes any more",
    run: async (scene) => scene.damage(path, "cut to 0 bytes", cutTo(0)),
  },
  {
    ...at,
    name: "manifest-truncated",
    what: "The manifest has lost its second half",
    run: async (scene) => scene.damage(path, "cut in half", (bytes) => cutTo(bytes.length >> 1)(bytes)),
  },
  {
    ...at,
    name: "manifest-bitflip-magic",
    what: "A bit of the manifest's magic flips",
    run: async (scene) => scene.damage(path, "bit 0 flips", flipBit(0)),
  },
  {
    ...at,
    name: "manifest-bitflip-body",
    what: "A bit of the manifest's body flips",
    run: async (scene) => scene.damage(path, "a bit of byte 40 flips", flipBit(40 * 8)),
    guards: [13],
  },
  {
    ...at,
    name: "manifest-zeroed",
    what: "The manifest is all zero",
    run: async (scene) => scene.damage(path, "zeros", (bytes) => bytes.fill(0)),
  },
  {
    ...at,
    name: "manifest-with-an-unknown-field",
    what: "The manifest has a field that this version does not know, and a hash that fits",
    run: async (scene) =>
      scene.damage(
        path,
        '"spare":1 more',
        rewritten((body) => body.replace("{", '{"spare":1,')),
      ),
    guards: [17],
  },
  {
    ...at,
    name: "manifest-of-a-later-version",
    what: "The manifest was written by a later version",
    permits: "The start is refused by name, never guessed at",
    run: async (scene) =>
      scene.damage(path, "format version 9", (bytes) => {
        const changed = Buffer.from(bytes);
        changed.writeUInt32LE(9, 8);
        const end = changed.length - 8;
        changed.writeBigUInt64LE(hash64(changed.subarray(0, end)), end);
        return changed;
      }),
    outcome: { refuses: "version", holds: sealedHold },
    guards: [17],
  },
  {
    ...at,
    name: "manifest-of-another-directory",
    what: "The manifest is that of another directory: every file carries another id",
    permits: "The start is refused",
    run: async (scene) =>
      scene.damage(
        path,
        "another directory's id",
        rewritten((body) => body.replace(/"directoryId":"[0-9a-f]{32}"/, `"directoryId":"${"ab".repeat(16)}"`)),
      ),
    outcome: { refuses: "damage", file: "/data/ckpt-00000003.ckpt", offset: "none", holds: sealedHold },
  },
  {
    ...at,
    name: "manifest-unfinished-left",
    what: "A manifest that was never finished lies beside it",
    permits: "It is removed",
    run: async (scene) => {
      scene.damage("/data/MANIFEST.tmp", "half of a manifest", () => scene.disk.contents(path).slice(0, 60));
      await scene.startAfter("kill");
    },
    outcome: { holds: sealedHold, afterPowerLoss: { d: "1-12 crash:13..", f: "1-12" } },
  },
]);
