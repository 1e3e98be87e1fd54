/** Starts on a disk that fails once, at each call in turn (spec 6.5, 9.2): a read that fails is never the end of the log. */
import type { CallName } from "../../../sim/disk/call.ts";
import type { FaultCase } from "../../fault-case.ts";
import { startSweep } from "../../start-sweep.ts";

const effects: Readonly<Partial<Record<CallName, Readonly<Record<string, string>>>>> = {
  open: { eio: "EIO", eacces: "EACCES", emfile: "EMFILE", enfile: "ENFILE", erofs: "EROFS", enoent: "ENOENT" },
  read: {
    eio: "EIO",
    "eio-for-ever": "EIO:forever",
    "early-end": "short=0",
    "one-byte": "short=1",
    "one-byte-for-ever": "short=1:forever",
    half: "short=half",
    flip: "flip=77",
  },
  stat: { eio: "EIO" },
  readdir: { eio: "EIO", junk: "junk=wal-00-00000099.log.bak" },
  write: {
    eio: "EIO",
    enospc: "ENOSPC",
    "one-byte": "short=1",
    half: "short=half",
    "all-but-one": "short=less:forever",
  },
  datasync: { "eio-kept": "EIO:A", "eio-reverted": "EIO:B", enospc: "ENOSPC" },
  syncDir: { eio: "EIO" },
  rename: { eio: "EIO", enospc: "ENOSPC" },
  truncate: { eio: "EIO" },
  close: { eio: "EIO" },
  unlink: { eio: "EIO", ebusy: "EBUSY" },
  tryLock: { eio: "EIO", enolck: "ENOLCK" },
};

const words: Readonly<Partial<Record<CallName, string>>> = {
  datasync: "sync",
  syncDir: "directory-sync",
  tryLock: "lock",
};

export const cases: readonly FaultCase[] = Object.entries(effects).flatMap(([name, kinds]) => {
  const call = name as CallName;
  return Object.entries(kinds).map(([kind, effect]) =>
    startSweep({
      call,
      effect,
      name: `${words[call] ?? call}-${kind}`,
      ...(call === "read" ? { guards: [16] } : {}),
    }),
  );
});
