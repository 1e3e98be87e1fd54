/** One bit of a frame in the middle of the log is wrong (spec 6.2, 6.6): whichever field it is in, the start is refused. */
import { flipBit } from "../../../sim/disk/damage.ts";
import { type FaultCase } from "../../fault-case.ts";
import { spotsOf, twoLogFiles, twoLogFilesHold } from "../../two-log-files.ts";

/** Where the field begins, in a log of one shard; from the end of the frame when negative. */
const fields: Readonly<Record<string, number>> = {
  magic: 0,
  length: 4,
  kind: 8,
  encoding: 9,
  "shard-count": 10,
  shard: 11,
  "payload-length": 12,
  "file-index": 16,
  generation: 20,
  "own-offset": 24,
  "predecessor-hash": 32,
  "topic-id": 40,
  epoch: 44,
  "operation-number": 48,
  stamp: 56,
  "first-seq": 64,
  count: 72,
  ceiling: 80,
  "synced-place": 88,
  "header-hash": 96,
  payload: 120,
  "frame-hash": -16,
  trailer: -8,
};

export const cases: readonly FaultCase[] = Object.entries(fields).map(([field, at]) => ({
  name: `wal-bitflip-frame-${field}`,
  section: "6.6",
  what: `A bit of a frame's ${field.replaceAll("-", " ")} flips, in a file that is not the last one`,
  permits: "The start is refused, naming file and offset; nothing is skipped, and nothing is taken for the end",
  prepare: twoLogFiles,
  run: async (scene) => {
    const { path, frames } = spotsOf(scene).first;
    const frame = frames.find(({ fields: { firstSeq, topicId } }) => firstSeq === 2 && topicId === 1)!;
    const place = at < 0 ? frame.offset + frame.length + at : frame.offset + at;
    scene.damage(path, `bit 0 of byte ${place} flips`, flipBit(place * 8), place);
  },
  outcome: { refuses: "damage", holds: twoLogFilesHold },
  guards: [13, 14, 15],
}));
