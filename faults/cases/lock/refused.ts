/** Locks that are not to be had at a start (spec 6.6, 9.2): no lock, no start. */
import type { FaultCase } from "../../fault-case.ts";
import { standard } from "../../run-case.ts";

interface Refused {
  readonly name: string;
  readonly fault: string;
  readonly what: string;
  readonly kind: "busy" | "unreadable";
}

const refused: readonly Refused[] = [
  {
    name: "held-elsewhere",
    fault: "tryLock#1:held:forever",
    what: "The lock is held, by whom cannot be seen",
    kind: "busy",
  },
  {
    name: "not-supported",
    fault: "tryLock#1:ENOLCK:forever",
    what: "The file system has no locks",
    kind: "unreadable",
  },
  {
    name: "call-unknown",
    fault: "tryLock#1:ENOTSUP:forever",
    what: "The system does not know this kind of lock",
    kind: "unreadable",
  },
  {
    name: "not-permitted",
    fault: "open(LOCK)#1:EACCES:forever",
    what: "The lock file may not be opened",
    kind: "unreadable",
  },
  {
    name: "read-only",
    fault: "open(LOCK)#1:EROFS:forever",
    what: "The directory is mounted read-only",
    kind: "unreadable",
  },
  {
    name: "text-not-written",
    fault: "write(LOCK)#1:EIO:forever",
    what: "The holder's name can't be written",
    kind: "unreadable",
  },
];

export const cases: readonly FaultCase[] = refused.map(({ name, fault, what, kind }) => ({
  name: `lock-${name}`,
  section: "6.6",
  what,
  permits: "The start is refused, naming the directory or the file",
  prepare: async (scene) => {
    await standard(scene);
    scene.kill();
  },
  faults: [fault],
  run: async (scene) => scene.tell("a start is tried"),
  outcome: { refuses: kind, says: /\/data/, holds: { d: "1-3", f: "1-3" } },
  guards: kind === "busy" ? [29] : [],
}));
