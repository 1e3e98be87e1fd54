/** Segments and checkpoints that can't be removed when nothing needs them any more, or come back (spec 6.3, 6.4, 9.2). */
import assert from "node:assert/strict";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { sealed, sealMore, tinySegments } from "../../sealed-topics.ts";
import type { Scene } from "../../scene.ts";

/** The first two segments of each topic are dead, and checkpoints say so. */
async function deleteMost(scene: Scene): Promise<void> {
  for (const topic of ["d", "f"])
    await scene.answered(undefined, scene.client.deleteBefore(topic, 9), `delete of 1 to 8 in ${topic}`);
  for (let round = 0; round < 3; round++) await sealMore(scene);
}

const holds = { d: "9-24", f: "9-24" };
const done = {
  section: "6.3",
  server: tinySegments,
  prepare: sealed,
  permits: "It is tried again, at the latest by a start; nothing that was deleted comes back",
  run: async (scene: Scene): Promise<void> => {
    await deleteMost(scene);
    await scene.restart();
    await sealMore(scene);
    assert.deepEqual(scene.files(/seg-0000000[1234]\.seg$/), [], "what is dead is gone in the end");
  },
  outcome: { holds: { d: "9-28", f: "9-28" }, afterPowerLoss: { d: "9-28 crash:29..", f: "9-28" } },
};

export const cases: readonly FaultCase[] = faultCases([
  {
    ...done,
    name: "reclaim-segment-unlink-eio",
    what: "A dead segment can't be removed",
    faults: ["unlink(.seg)#1:EIO"],
  },
  { ...done, name: "reclaim-segment-unlink-ebusy", what: "A dead segment is busy", faults: ["unlink(.seg)#1:EBUSY"] },
  {
    ...done,
    name: "reclaim-checkpoint-unlink-eio",
    what: "A checkpoint that is not kept any more can't be removed",
    faults: ["unlink(ckpt-)#1:EIO"],
  },
  {
    ...done,
    name: "reclaim-checkpoint-unlink-ebusy",
    what: "A checkpoint that is not kept any more is busy",
    faults: ["unlink(ckpt-)#1:EBUSY"],
  },
  {
    ...done,
    name: "reclaim-interrupted",
    what: "The process dies when the first dead segment is removed",
    permits: "The next start finishes it; nothing that was deleted comes back",
    run: async (scene) => {
      scene.dieBehind("unlink", /\.seg$/);
      assert.ok(await scene.dies(() => deleteMost(scene)), "it dies");
      await scene.startAfter("kill");
      for (let round = 0; round < 3; round++) await sealMore(scene);
      assert.deepEqual(scene.files(/seg-0000000[1234]\.seg$/), []);
    },
    outcome: { holds: {} },
  },
  {
    ...done,
    name: "reclaim-segment-comes-back",
    what: "A dead segment that was removed is there again",
    permits: "It is ignored: no checkpoint names it",
    run: async (scene) => {
      const path = "/data/seg-00000001.seg";
      const copy = scene.disk.contents(path).slice();
      await deleteMost(scene);
      assert.ok(!scene.disk.files().includes(path), "it is removed");
      scene.kill();
      scene.add(path, "its old bytes", copy);
      await scene.startAfter("kill");
    },
    outcome: { holds, afterPowerLoss: { d: "9-24 crash:25..", f: "9-24" } },
  },
  {
    ...done,
    name: "reclaim-checkpoint-comes-back",
    what: "A checkpoint that was pruned is there again",
    permits: "It is ignored: no manifest names it",
    run: async (scene) => {
      const [path] = scene.files(/ckpt-\d+\.ckpt$/);
      const copy = scene.disk.contents(path).slice();
      await deleteMost(scene);
      assert.ok(!scene.disk.files().includes(path), "it is pruned");
      scene.kill();
      scene.add(path, "its old bytes", copy);
      await scene.startAfter("kill");
    },
    outcome: { holds, afterPowerLoss: { d: "9-24 crash:25..", f: "9-24" } },
  },
]);
