/** Moves to the cold directory that fail (spec 6.3, 6.6): there is never less than one complete copy, and it is tried again. */
import assert from "node:assert/strict";
import { tinyStorage } from "../../../sim/crash-matrix/setup.ts";
import type { FaultCase } from "../../fault-case.ts";
import { sealed, sealMore } from "../../sealed-topics.ts";

const server = {
  directories: ["/cold"],
  storage: tinyStorage({ coldDirectory: "/cold", hotRetainSegments: 1 }),
};

const faults: Readonly<Record<string, readonly [fault: string, what: string]>> = {
  "copy-open-emfile": ["open(/cold)#1:EMFILE", "There is no file descriptor for a cold copy"],
  "copy-open-erofs": ["open(/cold)#1:EROFS", "The cold disk is mounted read-only for a while"],
  "copy-enospc": ["write(/cold)#1:ENOSPC", "There is no space for a cold copy"],
  "copy-torn": ["write(/cold)#1:after=100:ENOSPC", "Space ends in the middle of a cold copy"],
  "copy-eio": ["write(/cold)#1:EIO", "The write of a cold copy fails"],
  "copy-read-eio": ["read(/data/seg)#1:EIO", "The hot file can't be read for its copy, or for a reader"],
  "sync-eio-kept": [
    "datasync(/cold)#1:EIO:A",
    "The sync of a cold copy fails, and the cache keeps what the device never gets",
  ],
  "sync-eio-reverted": ["datasync(/cold)#1:EIO:B", "The sync of a cold copy fails, and the cache forgets it"],
  "rename-eio": ["rename(/cold)#1:EIO", "A cold copy can't be renamed"],
  "directory-sync-eio": ["syncDir(/cold)#1:EIO", "The sync of the cold directory fails"],
  "hot-unlink-eio": ["unlink(/data/seg)#1:EIO", "The hot file can't be removed behind its copy"],
  "hot-unlink-ebusy": ["unlink(/data/seg)#1:EBUSY", "The hot file is busy when it is to be removed behind its copy"],
};

export const cases: readonly FaultCase[] = Object.entries(faults).map(([name, [fault, what]]) => ({
  name: `cold-${name}`,
  section: "6.6",
  what,
  permits: "Every record is read from the copy that is whole; the move is done later",
  server,
  prepare: sealed,
  faults: [fault],
  run: async (scene) => {
    const before = scene.count("segment-moved");
    await sealMore(scene);
    await scene.pass(130_000);
    for (const topic of ["d", "f"]) await scene.append(topic, 4);
    await scene.pass(3000);
    await scene.shows({ d: "1-20", f: "1-20" });
    for (const topic of ["d", "f"]) await scene.append(topic, 1);
    await scene.pass(130_000);
    assert.ok(scene.count("segment-moved") >= before + 2, "segments are moved later");
  },
  outcome: { holds: { d: "1-21", f: "1-21" }, afterPowerLoss: { d: "1-21 crash:22..", f: "1-21" } },
  guards: name.startsWith("sync") ? [59] : [],
}));
