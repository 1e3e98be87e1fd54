/** `Env` on a simulated disk for code that only uses files: one process, without virtual time. */
import type { Env } from "../../src/env/env.ts";
import type { SimulatedDisk } from "../disk/disk.ts";
import { Scheduler } from "../scheduler.ts";
import { SimEnv } from "../sim-env.ts";

export function diskEnv(disk: SimulatedDisk): Env {
  return new SimEnv({ disk, scheduler: new Scheduler({ seed: 0 }), seed: 0 });
}
