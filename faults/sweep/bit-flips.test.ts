/**
 * One flipped bit anywhere in a data directory (spec 6.6, 9.2): a refusal that names the file and the place, or exactly
 * the same contents, then and at the start after that. Never fewer records, never other ones.
 */
import assert from "node:assert/strict";
import { blockHeaderBytes, segmentHeaderBytes } from "../../src/segment/format.ts";
import { walFileName } from "../../src/storage/layout.ts";
import { countUnreadable } from "./contents.ts";
import {
  coldDirectory,
  type Ending,
  type Made,
  rotatedDirectory,
  smallDirectory,
  storedDirectory,
} from "./directories.ts";
import { exhaustive, sampled, sweepTimeoutMs } from "./effort.ts";
import { blankFlips, type Flip, flipped, oneFlipAByte, writtenFlips } from "./flips.ts";
import { objection, type Outcome, startOn } from "./outcome.ts";

interface Tally {
  refused: number;
  opened: number;
  /** Opened, and some reads fail. */
  unreadable: number;
}

async function sweep(made: Made, flips: Iterable<Flip>): Promise<Tally> {
  const whole = await startOn(made.image, made);
  assert.ok(whole.kind === "opened", "the undamaged directory opens");
  const tally: Tally = { refused: 0, opened: 0, unreadable: 0 };
  for (const flip of flips) {
    const outcome = await startOn(flipped(made.image, flip), made);
    const where = `bit ${flip.bit % 8} of byte ${flip.bit >> 3} of ${flip.path}`;
    assert.equal(objection(outcome, whole.contents, [flip.path]), undefined, where);
    if (outcome.kind === "refused") {
      tally.refused++;
      assertNear(outcome, flip, where);
    } else {
      tally.opened++;
      if (countUnreadable(outcome.contents) > 0) tally.unreadable++;
      const again = await startOn(outcome.after(), made);
      assert.ok(again.kind === "opened", `${where}, at the second start: ${JSON.stringify(again)}`);
    }
  }
  for (const key of ["refused", "opened", "unreadable"] as const) total[key] += tally[key];
  return tally;
}

/** The offset of a damaged frame is the frame's: the flip lies behind it, within what a batch takes at the most. */
function assertNear(outcome: Outcome & { kind: "refused" }, flip: Flip, where: string): void {
  const { place, message } = outcome.refusal;
  if (!/\.(log|del)$/.test(place?.file ?? "")) return;
  assert.ok(place?.offset !== undefined, `${where}: no offset in "${message}"`);
  const distance = (flip.bit >> 3) - place.offset;
  assert.ok(distance >= 0 && distance < 8192, `${where}: the refusal names another place, "${message}"`);
}

/** Of all sweeps of this file. */
const total: Tally = { refused: 0, opened: 0, unreadable: 0 };

after(() => {
  const { refused, opened, unreadable } = total;
  const same = opened - unreadable;
  console.log(
    `    flips: ${refused + opened}, of which ${refused} refused by file and place, ${same} without effect or repaired, ` +
      `${unreadable} with reads that fail by file and place, 0 silent differences`,
  );
});

const endings: readonly Ending[] = ["busy", "idle", "clean"];

describe("one flipped bit in a small directory", () => {
  for (const ending of endings)
    it(`is named or without effect where something is written (left ${ending})`, async function () {
      this.timeout(sweepTimeoutMs);
      const made = await smallDirectory(ending);
      const flips = exhaustive ? writtenFlips(made.image) : oneFlipAByte(made.image, ending);
      const { refused, opened } = await sweep(made, sampled(flips, ending === "busy" ? 2 : 6));
      // But for the checkpoints of a clean stop, of which one is enough.
      assert.ok(
        refused > 300 && refused > 2 * opened,
        `most of what is written matters: ${refused} refused, ${opened} not`,
      );
    });

  for (const ending of endings)
    it(`is named or without effect where nothing is written (left ${ending})`, async function () {
      this.timeout(sweepTimeoutMs);
      const made = await smallDirectory(ending);
      // Zeros are alike however the directory was left: all of them once.
      await sweep(made, sampled(blankFlips(made.image, exhaustive && ending === "idle"), 8));
    });

  it("is always named in the manifest, in a header and in a frame", async () => {
    const made = await smallDirectory("idle");
    const newest = made.image.paths.findLast((path) => path.endsWith(".log") && made.image.bytes(path)[0] !== 0)!;
    const flips = [...writtenFlips(made.image)].filter(
      ({ path, bit }) => path.endsWith("MANIFEST") || (path === newest && bit < 8 * 512),
    );
    const { opened } = await sweep(made, sampled(flips, 2));
    assert.equal(opened, 0);
  });
});

for (const [what, make, every] of [
  ["segments", storedDirectory, 90],
  ["cold segments", coldDirectory, 300],
] as const)
  describe(`one flipped bit in a directory with ${what}`, () => {
    for (const ending of endings) {
      it(`is named, repaired or without effect where something is written (left ${ending})`, async function () {
        this.timeout(sweepTimeoutMs);
        const made = await make(ending);
        const flips = exhaustive ? writtenFlips(made.image) : oneFlipAByte(made.image, ending);
        const { refused, unreadable } = await sweep(made, sampled(flips, every));
        assert.ok(refused > 0 && unreadable > 0, `${refused} refused, ${unreadable} with reads that fail`);
      });

      it(`is named, repaired or without effect where nothing is written (left ${ending})`, async function () {
        this.timeout(sweepTimeoutMs);
        const made = await make(ending);
        await sweep(made, sampled(blankFlips(made.image, false), every));
      });
    }

    it("is never served: what a damaged block held is in the log, or nobody gets it", async () => {
      const made = await make("idle");
      const segments = made.image.paths.filter((path) => path.endsWith(".seg"));
      const inFirstBlock = segments.map((path) => ({ path, bit: 8 * (segmentHeaderBytes + blockHeaderBytes + 40) }));
      const whole = await startOn(made.image, made);
      assert.ok(whole.kind === "opened");
      let [failed, rescued] = [0, 0];
      for (const flip of inFirstBlock) {
        const outcome = await startOn(flipped(made.image, flip), made);
        assert.equal(objection(outcome, whole.contents, [flip.path]), undefined, flip.path);
        assert.ok(outcome.kind === "opened", flip.path);
        if (outcome.contents === whole.contents) rescued++;
        else failed++;
      }
      assert.ok(failed > 0 && rescued > 0, `${failed} cannot be read, ${rescued} come from the log`);
    });
  });

describe("one flipped bit in a directory with rotated files", () => {
  it("is named or without effect", async function () {
    this.timeout(sweepTimeoutMs);
    const made = await rotatedDirectory("busy");
    assert.ok(made.image.has(`/data/${walFileName(0, 3)}`), "a file was rotated");
    const flips = exhaustive ? writtenFlips(made.image) : oneFlipAByte(made.image, "rotated");
    const { refused } = await sweep(made, sampled(flips, 150));
    assert.ok(refused > 0);
  });
});
