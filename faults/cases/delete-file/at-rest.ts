/** `.del` files that are damaged where they lie (spec 6.3, 6.6): below what a checkpoint names refused, beyond it ignored. */
import { cutTo, flipBit, removed } from "../../../sim/disk/damage.ts";
import { type FaultCase, faultCases, type Outcome } from "../../fault-case.ts";
import { retiredAndKilled, tinySegments } from "../../sealed-topics.ts";
import type { Scene } from "../../scene.ts";

const headerBytes = 48;
const holds = { d: "1-4 7-8 10-20", f: "1-4 7-8 10-20" };

/** Deletes in two segments, in checkpoints and gone from the log. */
async function deleted(scene: Scene): Promise<void> {
  await retiredAndKilled(scene);
  await scene.startAfter("kill");
  for (const topic of ["d", "f"]) {
    await scene.answered(undefined, scene.client.deleteTag(topic, "t1", 7), "delete of two");
    await scene.answered(undefined, scene.client.deleteTag(topic, "t2", 10), "delete of another one");
  }
  for (let count = 0; count < 2; count++) {
    await scene.append("d", 1);
    await scene.awaits("checkpoint-written");
  }
  await scene.quiet();
  scene.kill();
}

const refused: Outcome = { refuses: "damage", holds: { ...holds, d: "1-4 7-8 10-22" } };
const at = {
  section: "6.3",
  server: tinySegments,
  prepare: deleted,
  permits: "The start is refused, naming file and offset: nothing that was deleted is shown again",
  outcome: refused,
};

export const cases: readonly FaultCase[] = faultCases([
  {
    ...at,
    name: "delete-file-bitflip-entry",
    what: "A bit of an entry flips that a checkpoint covers",
    run: async (scene) => {
      const [file] = scene.files(/\.del$/);
      scene.damage(file, "a bit of its first entry flips", flipBit((headerBytes + 10) * 8), headerBytes + 10);
    },
    guards: [13],
  },
  {
    ...at,
    name: "delete-file-bitflip-header",
    what: "A bit of the header flips",
    run: async (scene) => {
      const [file] = scene.files(/\.del$/);
      scene.damage(file, "a bit of its header flips", flipBit(20 * 8), 20);
    },
    guards: [13],
  },
  {
    ...at,
    name: "delete-file-truncated",
    what: "The file ends before the length that a checkpoint names",
    run: async (scene) => {
      const [file] = scene.files(/\.del$/);
      scene.damage(file, "its last entry is missing", (bytes) => cutTo(bytes.length - 48)(bytes));
    },
  },
  {
    ...at,
    name: "delete-file-missing",
    what: "The file is missing that a checkpoint names",
    run: async (scene) => {
      const [file] = scene.files(/\.del$/);
      scene.damage(file, "removed", removed);
    },
  },
  {
    ...at,
    name: "delete-file-of-another-segment",
    what: "The file holds what another segment's does",
    run: async (scene) => {
      const [one, other] = scene.files(/\.del$/);
      const copy = scene.disk.contents(other).slice();
      scene.damage(one, `the bytes of ${other}`, () => copy);
    },
  },
  {
    ...at,
    name: "delete-file-torn-tail",
    what: "Behind what the checkpoints name stands half of an entry, and more is deleted later",
    permits: "It is ignored, and cut durably before the next entry: no later start stumbles over it",
    run: async (scene) => {
      const [file] = scene.files(/\.del$/);
      scene.damage(file, "half of an entry more", (bytes) => Buffer.concat([bytes, Buffer.alloc(30, 7)]));
      await scene.startAfter("kill");
      await scene.answered(undefined, scene.client.deleteTag("d", "t1", 8), "delete of one more");
      await scene.answered(undefined, scene.client.deleteTag("d", "t2", 11), "delete of one more");
      await scene.append("d", 1);
      await scene.pass(6000);
      await scene.append("d", 1);
      await scene.pass(6000);
      await scene.restart();
    },
    outcome: {
      holds: { d: "1-4 8 11-24", f: "1-4 7-8 10-20" },
      afterPowerLoss: { d: "1-4 8 11-24 crash:25..", f: "1-4 7-8 10-20" },
    },
    guards: [19],
  },
]);
