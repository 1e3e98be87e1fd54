/** One bit of a log file's header is wrong (spec 6.2): a named file without a valid header is damage. */
import { flipBit } from "../../../sim/disk/damage.ts";
import { type FaultCase } from "../../fault-case.ts";
import { spotsOf, twoLogFiles, twoLogFilesHold } from "../../two-log-files.ts";

const fields: Readonly<Record<string, number>> = {
  magic: 0,
  "directory-id": 16,
  index: 40,
  "prepared-length": 56,
  "carried-end": 64,
  "predecessor-end": 80,
  "predecessor-hash": 88,
  "boot-id": 96,
  inode: 160,
  hash: 504,
};

export const cases: readonly FaultCase[] = Object.entries(fields).map(([field, at]) => ({
  name: `wal-bitflip-header-${field}`,
  section: "6.2",
  what: `A bit of the ${field.replaceAll("-", " ")} in the last log file's header flips`,
  permits: "The start is refused, naming the file; it is not taken for one that was never begun",
  prepare: twoLogFiles,
  run: async (scene) => {
    const { path } = spotsOf(scene).last;
    scene.damage(path, `bit 0 of byte ${at} flips`, flipBit(at * 8));
  },
  outcome: { refuses: "damage", holds: twoLogFilesHold },
  guards: [13],
}));
