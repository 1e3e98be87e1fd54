/** Waits until nothing is under way and reads everything, from time to time after so long a rest that all is on the device. */
import { converged } from "../oracle/invariants/94-07-cursors.ts";
import type { Actor } from "../run/actor.ts";

interface Doing {
  readonly restMs: number;
}

export const actor: Actor = {
  name: "auditor",
  weight: 4,
  alone: true,
  plan: (prng) => ({ restMs: prng.chance(40) ? 2000 : 0 }),
  act: async (stage, given) => {
    const { restMs } = given as unknown as Doing;
    stage.mendDisk();
    await stage.quiet();
    const before = restMs > 0 ? await stage.machine.observe() : undefined;
    if (restMs > 0) await stage.machine.pass(restMs);
    await stage.judge("none");
    if (restMs === 0 || !stage.isHealthy) return;
    stage.oracle.settle(before);
    converged(stage.machine.routers());
  },
};
