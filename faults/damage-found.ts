/** What a start refuses as damage, `topics verify` names as well, with the same file, and writes nothing (spec 6.6). */
import assert from "node:assert/strict";
import { noProgress } from "../src/maintenance/progress.ts";
import { verify } from "../src/maintenance/verify/verify.ts";
import { Scheduler } from "../sim/scheduler.ts";
import { SimEnv } from "../sim/sim-env.ts";
import { atOnce } from "../sim/disk/call-gate.ts";
import type { Scene } from "./scene.ts";

/** `refused`: the file that the start named, which may be another one than was damaged. */
export async function damageFound(scene: Scene, refused: string | undefined): Promise<void> {
  const disk = scene.disk.clone({ completions: atOnce });
  const before = disk.hash();
  const env = new SimEnv({ disk, scheduler: new Scheduler({ seed: 1, wallMs: scene.machine.nowMs }), seed: 1 });
  const { files, outcome } = await verify({ env, directory: "/data", cold: scene.coldDirectory, progress: noProgress });
  const named = files.filter((file) => file.outcome === "damaged").map(({ file }) => file);
  scene.tell(`verify: ${outcome}, ${named.join(" ")}`);
  assert.equal(outcome, "damaged", "verify finds it");
  const damaged = new Set([...scene.damages.map(({ path }) => path), refused]);
  assert.ok(
    named.some((file) => damaged.has(file)),
    `verify names ${[...damaged].join(" ")}: ${named.join(" ")}`,
  );
  assert.equal(disk.hash(), before, "verify writes nothing");
}
