/** Segments that are damaged where they lie, and the log has their records no more (spec 6.6). */
import { cutTo, flipBit, removed, swapBlocks, zeroRange } from "../../../sim/disk/damage.ts";
import { type FaultCase, faultCases, type Outcome } from "../../fault-case.ts";
import { retiredAndKilled, retiredHold, tinySegments } from "../../sealed-topics.ts";
import type { Scene } from "../../scene.ts";
import { type SegmentSpots, segmentSpots } from "../../segment-spots.ts";

type Change = (bytes: Uint8Array) => Uint8Array | undefined;

/** The oldest segment: records 1 to 4 of `d`. */
const oldest = "/data/seg-00000001.seg";

async function damagedAt(
  scene: Scene,
  what: string,
  place: (spots: SegmentSpots) => number,
  change: (at: number) => Change = (at) => flipBit(at * 8),
): Promise<void> {
  const at = place(segmentSpots(scene.disk.contents(oldest)));
  scene.damage(oldest, `${what}, at byte ${at}`, change(at), at);
  await scene.start();
}

const firstFour: Outcome = { unreadable: { d: "1-4" }, holds: { d: "5-20", f: "1-20" } };
const at = {
  section: "6.6",
  server: tinySegments,
  prepare: retiredAndKilled,
  permits: "Reads of that range fail with 500 and name the segment; every other record is as it was",
  outcome: firstFour,
  guards: [26],
};
const unread = {
  ...at,
  permits: "No record is read by it: everything is there as it was, and `topics verify` finds it",
  outcome: { holds: retiredHold, afterPowerLoss: { d: "1-20 crash:21..", f: "1-20" } },
  guards: [],
};
const refused = {
  ...at,
  permits: "The start is refused, naming the segment",
  outcome: { refuses: "damage", holds: retiredHold } as const,
  guards: [],
};

export const cases: readonly FaultCase[] = faultCases([
  {
    ...at,
    name: "segment-bitflip-payload",
    what: "A bit of a sealed record flips",
    run: (scene) => damagedAt(scene, "a bit of a payload", ({ blocks }) => blocks[0].at + 200),
  },
  {
    ...at,
    name: "segment-zeroed-block",
    what: "A block's payload is zero",
    run: (scene) =>
      damagedAt(
        scene,
        "zeros",
        ({ blocks }) => blocks[0].at + 64,
        (start) => zeroRange(start, start + 256),
      ),
  },
  {
    ...at,
    name: "segment-swapped-sectors",
    what: "Two sectors of a block are exchanged",
    run: (scene) =>
      damagedAt(
        scene,
        "exchanged with what is 128 bytes on",
        ({ blocks }) => blocks[0].at + 64,
        (start) => swapBlocks(start, start + 128, 128),
      ),
  },
  {
    ...at,
    name: "segment-bitflip-index",
    what: "A bit of a segment's index flips",
    run: (scene) => damagedAt(scene, "a bit of the index", ({ index }) => index + 24),
  },
  {
    ...at,
    name: "segment-index-past-data",
    what: "A segment's index says that a block lies behind the end of the file",
    run: (scene) =>
      damagedAt(
        scene,
        "a place of 2^40",
        ({ index }) => index + 32,
        (start) => (bytes) => {
          new DataView(bytes.buffer, bytes.byteOffset).setUint32(start + 4, 256, true);
          return bytes;
        },
      ),
  },
  {
    ...unread,
    name: "segment-bitflip-block-header",
    what: "A bit of a block's own header flips, which only repeats what the index and the checkpoint say",
    run: (scene) => damagedAt(scene, "a bit of a block's header", ({ blocks }) => blocks[0].at + 24),
  },
  {
    ...unread,
    name: "segment-bitflip-footer",
    what: "A bit of a segment's footer flips, which only repeats what the checkpoint says",
    run: (scene) => damagedAt(scene, "a bit of the footer", ({ footer }) => footer + 30),
  },
  {
    ...unread,
    name: "segment-bitflip-head",
    what: "A bit of a segment's head flips, which only repeats what the checkpoint says",
    run: (scene) => damagedAt(scene, "a bit of the head", () => 20),
  },
  {
    ...unread,
    name: "segment-bitflip-tag-table",
    what: "A bit of a segment's tag table flips, and a delete asks for a tag",
    permits: "The delete fails with 500 and deletes nothing; every record is there",
    run: async (scene) => {
      await damagedAt(scene, "a bit of the tag table", ({ tagTable }) => tagTable + 20);
      await scene.answered("internal", scene.client.deleteTag("d", "t0"), "delete by tag");
    },
  },
  {
    ...unread,
    name: "segment-bitflip-tag-filter",
    what: "A bit of a segment's tag filter flips, and a delete asks for a tag",
    permits: "The delete fails with 500 and deletes nothing; every record is there",
    run: async (scene) => {
      await damagedAt(scene, "a bit of the tag filter", ({ tagFilter }) => tagFilter + 14);
      await scene.answered("internal", scene.client.deleteTag("d", "t0"), "delete by tag");
    },
  },
  {
    ...refused,
    name: "segment-truncated",
    what: "A segment's last bytes are missing",
    run: async (scene) =>
      scene.damage(oldest, "its last 70 bytes are missing", (bytes) => cutTo(bytes.length - 70)(bytes)),
  },
  {
    ...refused,
    name: "segment-empty",
    what: "A segment has no bytes any more",
    run: async (scene) => scene.damage(oldest, "cut to 0 bytes", cutTo(0)),
  },
  {
    ...refused,
    name: "segment-missing",
    what: "A segment that a checkpoint names is missing",
    run: async (scene) => scene.damage(oldest, "removed", removed),
  },
  {
    ...refused,
    name: "segment-replaced-by-another",
    what: "A segment holds what another one does, which has another length",
    run: async (scene) => {
      const copy = scene.disk.contents("/data/seg-00000004.seg").slice();
      scene.damage(oldest, "the bytes of another segment", () => copy);
    },
  },
]);
