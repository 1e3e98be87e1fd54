/** Seals that fail (spec 6.3, 6.6): the records stay in memory and in the log, and are sealed later. */
import { type FaultCase } from "../../fault-case.ts";
import { sealed, sealMore, tinySegments } from "../../sealed-topics.ts";

interface Failing {
  readonly name: string;
  readonly fault: string;
  readonly what: string;
  readonly isMended?: boolean;
  readonly guards?: readonly number[];
}

const failing: readonly Failing[] = [
  { name: "open-emfile", fault: "open(.seg)#1:EMFILE", what: "There is no file descriptor for a segment" },
  { name: "write-enospc", fault: "write(.seg)#1:ENOSPC", what: "There is no space for a segment" },
  { name: "write-edquot", fault: "write(.seg)#1:EDQUOT", what: "The quota ends at a segment" },
  {
    name: "write-torn",
    fault: "write(.seg)#1:after=100:ENOSPC",
    what: "Space ends in the middle of a segment",
    guards: [25],
  },
  { name: "write-eio", fault: "write(.seg)#1:EIO", what: "A segment's write fails" },
  {
    name: "write-short",
    fault: "write(.seg)#1:short=half",
    what: "A segment's write takes half of it",
    isMended: true,
    guards: [7],
  },
  {
    name: "sync-eio-kept",
    fault: "datasync(.seg)#1:EIO:A",
    what: "A segment's sync fails, and the cache keeps what the device never gets",
    guards: [25],
  },
  {
    name: "sync-eio-reverted",
    fault: "datasync(.seg)#1:EIO:B",
    what: "A segment's sync fails, and the cache forgets it",
    guards: [25],
  },
  { name: "rename-eio", fault: "rename(.seg)#1:EIO", what: "A segment can't be renamed" },
  { name: "close-eio", fault: "close(.seg)#1:EIO", what: "Closing a segment fails", isMended: true },
];

export const cases: readonly FaultCase[] = failing.map(({ name, fault, what, isMended = false, guards = [] }) => ({
  name: `seal-${name}`,
  section: "6.6",
  what,
  permits: isMended
    ? "The segment is whole all the same"
    : "Nothing is lost: the records are read from memory, survive in the log, and are sealed later",
  server: tinySegments,
  prepare: sealed,
  faults: [fault],
  run: async (scene) => {
    const before = scene.count("segment-sealed");
    await sealMore(scene);
    await scene.shows({ d: "1-16", f: "1-16" });
    if (!isMended) scene.saw("storage-failed");
    await scene.pass(130_000);
    for (const topic of ["d", "f"]) await scene.append(topic, 4);
    await scene.pass(3000);
    if (scene.count("segment-sealed") < before + 2) throw new Error("nothing is sealed later");
  },
  outcome: { holds: { d: "1-20", f: "1-20" }, afterPowerLoss: { d: "1-20 crash:21..", f: "1-20" } },
  guards,
}));
