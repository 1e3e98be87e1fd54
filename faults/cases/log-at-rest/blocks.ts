/** Parts of the log that are zero, exchanged, missing or put back (spec 6.2, 6.6, 9.2). */
import { cutTo, patchedFrom, removed, swapBlocks, zeroRange } from "../../../sim/disk/damage.ts";
import { firstFrameAt } from "../../../src/wal/file-header.ts";
import { type FaultCase, faultCases, type Outcome } from "../../fault-case.ts";
import { framesIn } from "../../log-frames.ts";
import type { Scene } from "../../scene.ts";
import { spotsOf, twoLogFiles, twoLogFilesHold } from "../../two-log-files.ts";

const refused: Outcome = { refuses: "damage", holds: twoLogFilesHold };
const at = {
  section: "6.6",
  prepare: twoLogFiles,
  permits: "The start is refused, naming the file, and the offset where there is one",
  outcome: refused,
};

export const cases: readonly FaultCase[] = faultCases([
  {
    ...at,
    name: "wal-bitflip-mid-log",
    what: "A bit of a payload in the last file flips, with frames behind it",
    run: async (scene) => {
      const { path, frames } = spotsOf(scene).last;
      const place = frames.find(({ length }) => length > 4096)!.offset + 2000;
      scene.damage(path, `bit 3 of byte ${place} flips`, (bytes) => flip(bytes, place), place);
    },
    guards: [13, 14, 15],
  },
  {
    ...at,
    name: "wal-bitflip-last-synced-frame",
    what: "A bit of the last records' frame flips; behind it stands the mark alone",
    run: async (scene) => {
      const { path, frames } = spotsOf(scene).last;
      const place = frames.findLast(({ length }) => length > 4096)!.offset + 5000;
      scene.damage(path, `bit 3 of byte ${place} flips`, (bytes) => flip(bytes, place), place);
    },
    guards: [14, 72],
  },
  {
    ...at,
    name: "wal-bitflip-mark",
    what: "A bit of the mark flips, which is the last frame",
    run: async (scene) => {
      const { path, frames } = spotsOf(scene).last;
      const place = frames.at(-1)!.offset + 60;
      scene.damage(path, `bit 3 of byte ${place} flips`, (bytes) => flip(bytes, place), place);
    },
    guards: [13, 72],
  },
  {
    ...at,
    name: "wal-bitflip-behind-the-end",
    what: "A bit flips in the zeros behind the last frame",
    run: async (scene) => {
      const { path, frames } = spotsOf(scene).last;
      const { offset, length } = frames.at(-1)!;
      scene.damage(path, `bit 3 of byte ${offset + length + 40} flips`, (bytes) => flip(bytes, offset + length + 40));
    },
    permits: "It is cut as what a torn write leaves, which is reported; nothing was there, so nothing is lost",
    outcome: { holds: twoLogFilesHold },
  },
  {
    ...at,
    name: "wal-zeroed-block-mid-log",
    what: "4 KiB in the middle of the last file are zero, with frames behind them",
    run: async (scene) => zero(scene, 4096),
    guards: [14, 72],
  },
  {
    ...at,
    name: "wal-zeroed-block-last-frame",
    what: "A sector of the last records' frame is zero; the mark behind it calls it synced",
    run: async (scene) => {
      const { path, frames } = spotsOf(scene).last;
      const { offset } = frames.findLast(({ length }) => length > 4096)!;
      const start = Math.ceil(offset / 512) * 512 + 1024;
      scene.damage(path, `bytes ${start} to ${start + 511} are zero`, zeroRange(start, start + 512), start);
    },
    guards: [14, 72],
  },
  {
    ...at,
    name: "wal-zeroed-end",
    what: "Everything in the last file is zero from some frame on; the other shard's log says that it was synced",
    server: { shards: 2 },
    prepare: async (scene) => {
      await twoLogFiles(scene);
      await scene.startAfter("kill");
      // Whoever is synced later says how far the other one was.
      for (let round = 0; round < 2; round++)
        for (const topic of ["d", "f"]) {
          await scene.append(topic, 1);
          await scene.pass(300);
        }
      await scene.quiet();
      scene.kill();
    },
    run: async (scene) => {
      const [path] = scene
        .files(/wal-01.*\.log$/)
        .filter((each) => scene.disk.contents(each)[0] !== 0)
        .slice(-1);
      const [{ offset }] = framesIn(scene.disk.contents(path)).slice(-2);
      scene.damage(path, `zero from byte ${offset} on`, zeroRange(offset, scene.disk.contents(path).length), offset);
    },
    outcome: { refuses: "damage", holds: { d: "1-8", f: "1-8" } },
    guards: [14, 72],
  },
  {
    ...at,
    name: "wal-swapped-blocks",
    what: "Two blocks of 512 bytes in the middle of the last file are exchanged",
    run: async (scene) => {
      const { path, frames } = spotsOf(scene).last;
      const start = frames.find(({ length }) => length > 4096)!.offset;
      const change = swapBlocks(start, start + 2048, 512);
      scene.damage(path, `blocks at ${start} and ${start + 2048} are exchanged`, change, start);
    },
  },
  {
    ...at,
    name: "wal-swapped-frames",
    what: "Two frames of equal length in the first file are exchanged",
    run: async (scene) => {
      const { path, frames } = spotsOf(scene).first;
      const [one, other] = frames.filter(({ fields: { firstSeq, count } }) => firstSeq === 2 && count === 2);
      const length = Math.min(one.length, other.length);
      scene.damage(
        path,
        `frames at ${one.offset} and ${other.offset} are exchanged`,
        (bytes) => swapBlocks(one.offset, other.offset, length)(bytes),
        one.offset,
      );
    },
  },
  {
    ...at,
    name: "wal-duplicate-frame",
    what: "A copy of a valid frame stands behind the last one",
    run: async (scene) => {
      const { path, frames } = spotsOf(scene).last;
      const [{ offset, length }] = frames;
      const end = frames.at(-1)!.offset + frames.at(-1)!.length;
      scene.damage(
        path,
        `the frame at ${offset} once more at ${end}`,
        (bytes) => patchedFrom(bytes.slice(), offset, end, length)(bytes),
        end,
      );
    },
    permits: "The start is refused: a frame of another place is never the end of the log, and no record is there twice",
  },
  {
    ...at,
    name: "wal-truncated-to-nothing",
    what: "The last file has no bytes any more",
    run: async (scene) => scene.damage(spotsOf(scene).last.path, "cut to 0 bytes", cutTo(0)),
  },
  {
    ...at,
    name: "wal-truncated-mid-frame",
    what: "The last file ends in the middle of a frame",
    run: async (scene) => {
      const { path, frames } = spotsOf(scene).last;
      scene.damage(path, "cut in its second frame", cutTo(frames[1].offset + 100));
    },
  },
  {
    ...at,
    name: "wal-truncated-first-file",
    what: "The first file ends before the place that its successor declares as its end",
    run: async (scene) => {
      const { path, frames } = spotsOf(scene).first;
      scene.damage(path, "cut in its third frame", cutTo(frames[2].offset + 8));
    },
    guards: [15],
  },
  {
    ...at,
    name: "wal-first-file-missing",
    what: "The first file of the log is missing",
    run: async (scene) => scene.damage(spotsOf(scene).first.path, "removed", removed),
    guards: [15],
  },
  {
    ...at,
    name: "wal-last-file-missing",
    what: "The last file of the log is missing",
    run: async (scene) => scene.damage(spotsOf(scene).last.path, "removed", removed),
  },
  {
    ...at,
    name: "wal-all-files-missing",
    what: "All files of the log are missing, and the manifest is there",
    run: async (scene) => {
      for (const path of scene.files(/wal-.*\.log$/)) scene.damage(path, "removed", removed);
    },
    permits: "The start is refused, naming the first that is missing; never a fresh or near-empty start",
  },
  {
    ...at,
    name: "wal-older-copy-of-the-first-file",
    what: "The first file is as it was before its last frames were written",
    run: async (scene) => {
      const { path, frames } = spotsOf(scene).first;
      const { offset } = frames.at(-2)!;
      scene.damage(
        path,
        `as it was when it ended at ${offset}`,
        zeroRange(offset, scene.disk.contents(path).length),
        offset,
      );
    },
    guards: [15],
  },
  {
    ...at,
    name: "wal-file-replaced-by-another",
    what: "The last file holds what the first one does",
    run: async (scene) => {
      const { first, last } = spotsOf(scene);
      const copy = scene.disk.contents(first.path).slice();
      scene.damage(last.path, `the bytes of ${first.path}`, () => copy);
    },
  },
  {
    ...at,
    name: "wal-header-zeroed",
    what: "The first 4 KiB of the last file are zero, as in a file that was never begun",
    run: async (scene) => scene.damage(spotsOf(scene).last.path, "its header is zero", zeroRange(0, firstFrameAt)),
  },
]);

function flip(bytes: Uint8Array, at: number): Uint8Array {
  bytes[at] ^= 8;
  return bytes;
}

function zero(scene: Scene, length: number): void {
  const { path, frames } = spotsOf(scene).last;
  const start = frames.find((frame) => frame.length > 4096)!.offset + 500;
  scene.damage(path, `bytes ${start} to ${start + length - 1} are zero`, zeroRange(start, start + length), start);
}
