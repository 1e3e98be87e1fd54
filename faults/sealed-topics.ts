/** Topics whose records have left memory, with several checkpoints: what cases of checkpoints and segments begin with. */
import assert from "node:assert/strict";
import { tinyStorage } from "../sim/crash-matrix/setup.ts";
import type { Scene, SceneSetup } from "./scene.ts";

/** Nothing is cached: every read of what is sealed is one of the disk. */
export const tinySegments: SceneSetup = { storage: tinyStorage() };

/** Of `d` and `f`: three segments of four records, tagged `t0`, `t1` and `t2`. */
export const sealedHold = { d: "1-12", f: "1-12" };

export async function sealed(scene: Scene): Promise<void> {
  await scene.startAfter("none");
  for (const [topic, durability] of [
    ["d", "disk"],
    ["f", "fsync"],
  ] as const)
    await scene.answered(undefined, scene.client.create(topic, durability), `creation of ${topic}`);
  for (let round = 0; round < 3; round++) {
    for (const topic of ["d", "f"]) await scene.append(topic, 4, { tag: `t${round}`, padBytes: 100 });
    await scene.awaits("checkpoint-written");
  }
  await scene.quiet();
}

/** The same, and then the process is killed. */
export async function sealedAndKilled(scene: Scene): Promise<void> {
  await sealed(scene);
  scene.kill();
}

/** Five segments each; the log that the first three were written to is retired. Then the process is killed. */
export async function retiredAndKilled(scene: Scene): Promise<void> {
  await sealed(scene);
  const log = scene.files(/wal-.*\.log$/)[0];
  await scene.restart();
  for (let round = 3; round < 5; round++) {
    for (const topic of ["d", "f"]) await scene.append(topic, 4, { tag: `t${round}`, padBytes: 100 });
    await scene.awaits("checkpoint-written");
  }
  await scene.quiet();
  assert.ok(!scene.disk.files().includes(log), "the first log file is retired");
  scene.kill();
}

export const retiredHold = { d: "1-20", f: "1-20" };

/** Four more records in each, and time for them to be sealed and for checkpoints. */
export async function sealMore(scene: Scene): Promise<void> {
  for (const topic of ["d", "f"]) await scene.append(topic, 4, { tag: "t3" });
  await scene.pass(3000);
}

export const checkpoints = (scene: Scene): string[] => scene.files(/ckpt-\d+\.ckpt$/);
