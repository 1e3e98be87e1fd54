/** Deletes of sealed records whose entry in the `.del` file can't be had (spec 6.3, 6.6): the log has them, none is undone. */
import { type FaultCase } from "../../fault-case.ts";
import { retiredAndKilled, tinySegments } from "../../sealed-topics.ts";

const faults: Readonly<Record<string, readonly [fault: string, what: string]>> = {
  "write-enospc": ["write(.del)#1:ENOSPC", "There is no space for an entry"],
  "write-torn": ["write(.del)#1:after=20:ENOSPC", "Space ends in the middle of an entry"],
  "write-eio": ["write(.del)#1:EIO", "The write of an entry fails"],
  "write-short": ["write(.del)#1:short=half", "The write of an entry takes half of it"],
  "sync-eio-kept": [
    "datasync(.del)#1:EIO:A",
    "The sync of the file fails, and the cache keeps what the device never gets",
  ],
  "sync-eio-reverted": ["datasync(.del)#1:EIO:B", "The sync of the file fails, and the cache forgets the entry"],
  "open-emfile": ["open(.del)#1:EMFILE", "There is no file descriptor for the file"],
};

export const cases: readonly FaultCase[] = Object.entries(faults).map(([name, [fault, what]]) => ({
  name: `delete-file-${name}`,
  section: "6.3",
  what: `${what}, for a delete of sealed records`,
  permits: "The delete is acked from the log, shown at once, and undone by nothing; the entry is written later",
  server: tinySegments,
  prepare: async (scene) => {
    await retiredAndKilled(scene);
    await scene.startAfter("kill");
  },
  faults: [fault],
  run: async (scene) => {
    await scene.answered(undefined, scene.client.deleteTag("d", "t1", 7), "delete of t1 in d");
    await scene.answered(undefined, scene.client.deleteTag("f", "t1", 7), "delete of t1 in f");
    await scene.shows({ d: "1-4 7-20", f: "1-4 7-20" });
    await scene.pass(5000);
    await scene.answered(undefined, scene.client.deleteTag("d", "t1", 8), "delete of one more");
    await scene.append("d", 1);
    await scene.pass(5000);
  },
  outcome: {
    holds: { d: "1-4 8-21", f: "1-4 7-20" },
    afterPowerLoss: { d: "1-4 8-21 crash:22..", f: "1-4 7-20" },
  },
  guards: name === "write-torn" ? [19] : name === "write-short" ? [7] : [],
}));
