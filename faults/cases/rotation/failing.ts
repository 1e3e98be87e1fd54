/** Rotations of the log, and the making of the files for them, that fail (spec 6.2, 6.4, 6.6). */
import assert from "node:assert/strict";
import { type FaultCase, faultCases, type Serves } from "../../fault-case.ts";
import { keeps } from "../../usual-outcomes.ts";
import type { Scene } from "../../scene.ts";

/** Enough for two rotations, in writes of a few pages; answers of all appends. */
async function rotates(scene: Scene): Promise<string[]> {
  const answers: string[] = [];
  for (let count = 0; count < 8; count++)
    for (const topic of ["d", "f"])
      answers.push((await scene.machine.until(scene.client.append(topic, 1, { padBytes: 10_000 }))) ?? "acked");
  await scene.pass(3000);
  scene.tell(`appends: ${answers.join(" ")}`);
  return answers;
}

/** Eight appends to each; what is refused for want of a file is tried again when there was time to make one. */
async function rotatesAtLast(scene: Scene): Promise<void> {
  let refused = 0;
  for (let count = 0; count < 8; count++)
    for (const topic of ["d", "f"]) {
      const answer = await scene.machine.until(scene.client.append(topic, 1, { padBytes: 10_000 }));
      if (answer === undefined) continue;
      assert.equal(answer, "wal_unavailable");
      refused++;
      await scene.pass(3000);
      await scene.append(topic, 1, { padBytes: 10_000 });
    }
  await scene.quiet();
  scene.tell(`${refused} appends were refused for a while`);
  assert.ok(refused <= 2, "one failure costs a refusal, for a while");
  scene.saw("wal-rotated");
  scene.neverSaw("wal-latched");
}

const goesOn = {
  section: "6.6",
  permits:
    "Appends are refused for as long as there is no file for them; it is tried again, and everything acked is kept",
  run: rotatesAtLast,
  outcome: keeps(11),
};

/** The shard is read-only; what was refused is never found, what was acked is. */
const latches = {
  section: "6.6",
  permits:
    "The shard is read-only from there on; everything that was acked before is kept, nothing that was refused is found",
  run: async (scene: Scene): Promise<void> => {
    const answers = await rotates(scene);
    const acked = answers.indexOf("wal_unavailable");
    assert.ok(acked > 0 && answers.slice(acked).every((answer) => answer === "wal_unavailable"), answers.join(" "));
    scene.saw("wal-latched");
  },
};

function readOnly(d: number, f: number): Serves {
  const after = { d: `1-${d} crash:${d + 1}..`, f: `1-${f}` };
  return {
    holds: { d: `1-${d}`, f: `1-${f}` },
    afterKill: after,
    afterPowerLoss: after,
    readOnly: [0],
    cacheIsNoWitness: true,
  };
}

export const cases: readonly FaultCase[] = faultCases([
  {
    ...goesOn,
    name: "rotation-spare-open-emfile",
    what: "There is no file descriptor for the next spare, once",
    faults: ["open(wal-00-00000003)#1:EMFILE"],
  },
  {
    ...goesOn,
    name: "rotation-spare-enospc",
    what: "There is no space for the next spare, once",
    faults: ["write(wal-00-00000003)#1:ENOSPC"],
  },
  {
    ...goesOn,
    name: "rotation-spare-write-short",
    what: "Zeros of the next spare are written by halves",
    faults: ["write(wal-00-00000003)#1:short=half"],
    guards: [7],
  },
  {
    ...goesOn,
    name: "rotation-spare-write-eio",
    what: "The zeros of the next spare can't be written, once",
    faults: ["write(wal-00-00000003)#1:EIO"],
  },
  {
    ...goesOn,
    name: "rotation-spare-sync-eio",
    what: "The sync of the next spare fails, once",
    faults: ["datasync(wal-00-00000003)#1:EIO:B"],
  },
  {
    ...goesOn,
    name: "rotation-spare-directory-sync-eio",
    what: "The directory sync behind the next spare fails, once",
    faults: ["syncDir(/data)#1:EIO"],
  },
  {
    ...goesOn,
    name: "rotation-manifest-open-emfile",
    what: "There is no file descriptor for the manifest that would name the new file, once",
    faults: ["open(MANIFEST)#1:EMFILE"],
    guards: [65],
  },
  {
    ...goesOn,
    name: "rotation-manifest-write-enospc",
    what: "There is no space for the manifest that would name the new file, once",
    faults: ["write(MANIFEST)#1:ENOSPC"],
    guards: [65],
  },
  {
    ...latches,
    name: "rotation-manifest-sync-eio",
    what: "The sync of the manifest that would name the new file fails, once",
    faults: ["datasync(MANIFEST)#1:EIO:A"],
    outcome: readOnly(6, 5),
    guards: [65],
  },
  {
    ...latches,
    name: "rotation-manifest-rename-eio",
    what: "The manifest that would name the new file can't be renamed, once",
    faults: ["rename(MANIFEST)#1:EIO"],
    outcome: readOnly(6, 5),
    guards: [65],
  },
  {
    ...latches,
    name: "rotation-last-sync-eio",
    what: "The last sync of the file that is left fails, with `disk` records in it that were acked",
    faults: ["datasync(wal-00-00000001)#6:EIO:B"],
    run: async (scene) => {
      for (let count = 0; count < 5; count++) await scene.append("f", 1, { padBytes: 10_000 });
      await scene.append("d", 1, { padBytes: 1000 });
      await scene.refused("wal_unavailable", "f", 1, { padBytes: 10_000 });
      await scene.pass(1000);
      scene.saw("wal-latched", ({ rescued }) => rescued);
    },
    outcome: readOnly(4, 8),
    guards: [2, 3, 4],
  },
  {
    ...latches,
    name: "rotation-header-write-eio",
    what: "The header of the new file can't be written",
    faults: ["write(wal-00-00000002)#1:EIO"],
    outcome: readOnly(6, 5),
    guards: [65],
  },
  {
    ...latches,
    name: "rotation-header-sync-eio",
    what: "The sync of the new file's header fails",
    faults: ["datasync(wal-00-00000002)#1:EIO:A"],
    outcome: readOnly(6, 5),
    guards: [3, 65],
  },
]);
