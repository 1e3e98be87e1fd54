/** Writes to the log that fail (spec 6.6, 9.2): with `EIO` the shard latches, for want of space a new file takes over. */
import { type FaultCase, faultCases } from "../../fault-case.ts";
import type { Scene } from "../../scene.ts";
import { keeps, latches } from "../../usual-outcomes.ts";

/** Of a topic each, in one group: all of them, or none. */
async function refusedTogether(scene: Scene): Promise<void> {
  const both = [scene.client.append("d", 2, { padBytes: 600 }), scene.client.append("f", 2, { padBytes: 600 })];
  for (const each of both) await scene.answered("wal_unavailable", each, "one of two appends at once");
}

const latch = {
  section: "6.6",
  permits: "The group is refused for certain and never found, the shard is read-only until the next start",
  run: async (scene: Scene): Promise<void> => {
    await refusedTogether(scene);
    await scene.pass(500);
    scene.saw("wal-latched", ({ rescued }) => rescued);
    await scene.refused("wal_unavailable", "d", 1);
    await scene.refused("wal_unavailable", "f", 1);
  },
  outcome: latches(3),
};

const left = {
  section: "6.6",
  permits: "The group is refused for certain and never found; later appends go into a new file and are kept",
  run: async (scene: Scene): Promise<void> => {
    await refusedTogether(scene);
    await scene.append("d", 1);
    await scene.append("f", 1);
    scene.saw("wal-abandoned");
    scene.neverSaw("wal-latched");
  },
  outcome: keeps(4),
};

export const cases: readonly FaultCase[] = faultCases([
  { ...latch, name: "wal-write-eio-once", what: "A group's write fails", faults: ["write(wal-)#1:EIO"] },
  {
    ...latch,
    name: "wal-write-eio-torn",
    what: "A group's write fails when a part of its first frame has landed",
    faults: ["write(wal-)#1:after=700:EIO"],
    guards: [24],
  },
  {
    ...latch,
    name: "wal-write-eio-between-frames",
    what: "A group's write fails when its first frame has landed whole",
    faults: ["write(wal-)#1:after=2600:EIO"],
    guards: [24],
  },
  {
    ...left,
    name: "wal-write-enospc-once",
    what: "A group's write fails for want of space",
    faults: ["write(wal-)#1:ENOSPC"],
  },
  {
    ...left,
    name: "wal-write-edquot-once",
    what: "A group's write fails for want of quota",
    faults: ["write(wal-)#1:EDQUOT"],
  },
  {
    ...left,
    name: "wal-write-enospc-torn",
    what: "The disk fills up in the middle of a frame",
    faults: ["write(wal-)#1:after=700:ENOSPC"],
    guards: [6, 24],
  },
  {
    ...left,
    name: "wal-write-enospc-between-frames",
    what: "The disk fills up between two frames of a group",
    faults: ["write(wal-)#1:after=2600:ENOSPC"],
    guards: [6, 24],
  },
]);
