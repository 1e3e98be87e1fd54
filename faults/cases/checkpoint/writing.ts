/** Checkpoints that can't be written (spec 6.4, 6.6): nothing is lost, what is there stays, and it is tried again. */
import { type FaultCase } from "../../fault-case.ts";
import { sealed, sealMore, tinySegments } from "../../sealed-topics.ts";

interface Failing {
  readonly name: string;
  readonly fault: string;
  readonly what: string;
  /** It succeeds all the same. */
  readonly isMended?: boolean;
  readonly guards?: readonly number[];
}

const failing: readonly Failing[] = [
  { name: "open-emfile", fault: "open(ckpt-)#1:EMFILE", what: "There is no file descriptor for a checkpoint" },
  { name: "open-eacces", fault: "open(ckpt-)#1:EACCES", what: "A checkpoint may not be made" },
  { name: "write-enospc", fault: "write(ckpt-)#1:ENOSPC", what: "There is no space for a checkpoint", guards: [28] },
  {
    name: "write-enospc-torn",
    fault: "write(ckpt-)#1:after=300:ENOSPC",
    what: "Space ends in the middle of a checkpoint",
    guards: [28],
  },
  { name: "write-edquot", fault: "write(ckpt-)#1:EDQUOT", what: "The quota ends at a checkpoint", guards: [28] },
  { name: "write-eio", fault: "write(ckpt-)#1:EIO", what: "A checkpoint's write fails" },
  {
    name: "write-short",
    fault: "write(ckpt-)#1:short=half",
    what: "A checkpoint's write takes half of it",
    isMended: true,
    guards: [7],
  },
  {
    name: "sync-eio-kept",
    fault: "datasync(ckpt-)#1:EIO:A",
    what: "A checkpoint's sync fails, and the cache keeps what the device never gets",
    guards: [10],
  },
  {
    name: "sync-eio-reverted",
    fault: "datasync(ckpt-)#1:EIO:B",
    what: "A checkpoint's sync fails, and the cache forgets it",
    guards: [10],
  },
  { name: "rename-eio", fault: "rename(ckpt-)#1:EIO", what: "A checkpoint can't be renamed" },
  {
    name: "rename-enospc",
    fault: "rename(ckpt-)#1:ENOSPC",
    what: "There is no room in the directory for a checkpoint",
    guards: [28],
  },
  { name: "read-back-flip", fault: "read(ckpt-)#1:flip=700", what: "A checkpoint reads back with a wrong bit" },
  { name: "read-back-eio", fault: "read(ckpt-)#1:EIO", what: "A checkpoint can't be read back" },
  {
    name: "manifest-open-emfile",
    fault: "open(MANIFEST)#1:EMFILE",
    what: "There is no file descriptor for the manifest that would name a checkpoint",
  },
  {
    name: "manifest-write-enospc",
    fault: "write(MANIFEST)#1:ENOSPC",
    what: "There is no space for the manifest that would name a checkpoint",
    guards: [28],
  },
  {
    name: "manifest-sync-eio",
    fault: "datasync(MANIFEST)#1:EIO:A",
    what: "The sync of the manifest that would name a checkpoint fails",
  },
  {
    name: "manifest-rename-eio",
    fault: "rename(MANIFEST)#1:EIO",
    what: "The manifest that would name a checkpoint can't be renamed",
  },
];

export const cases: readonly FaultCase[] = failing.map(({ name, fault, what, isMended = false, guards = [] }) => ({
  name: `checkpoint-${name}`,
  section: isMended ? "9.2" : "6.6",
  what,
  permits: isMended
    ? "The rest is written; the checkpoint is as good as any"
    : "The checkpoints that are there stay, which is reported, appends go on, and another checkpoint is written later",
  server: tinySegments,
  prepare: sealed,
  faults: [fault],
  run: async (scene) => {
    const before = scene.count("checkpoint-written");
    await sealMore(scene);
    if (isMended) scene.neverSaw("checkpoint-failed");
    else scene.saw("checkpoint-failed");
    await scene.pass(130_000);
    await scene.append("d", 1);
    await scene.pass(3000);
    if (scene.count("checkpoint-written") === before) throw new Error("no checkpoint is written later");
  },
  outcome: { holds: { d: "1-17", f: "1-16" }, afterPowerLoss: { d: "1-17 crash:18..", f: "1-16" } },
  guards,
}));
