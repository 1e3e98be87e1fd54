/** Kills the process, now or at some later call, with or without the machine, and interrupts recoveries. */
import type { Prng } from "../prng.ts";
import type { Actor } from "../run/actor.ts";
import { Died } from "../crash-matrix/machine.ts";
import type { CrashPlan } from "../run/stage.ts";

interface Doing extends CrashPlan {
  /** Mutating calls until it dies; without it, now. */
  readonly calls?: number;
}

export const actor: Actor = {
  name: "crash",
  weight: 5,
  alone: true,
  plan: (prng) => ({
    ...(prng.chance(60) ? { calls: prng.below(prng.chance(50) ? 10 : 60) } : {}),
    ...drawSurvival(prng),
    interruptions: prng.chance(25)
      ? Array.from({ length: prng.between(1, 2) }, () => ({ at: prng.below(40), ...drawSurvival(prng) }))
      : [],
    ...(prng.chance(15) ? { shards: prng.between(1, 3) } : {}),
    ...(prng.chance(20) ? { twice: true } : {}),
  }),
  act: (stage, given) => {
    const { calls, ...plan } = given as unknown as Doing;
    stage.crashPlan = plan;
    if (calls === undefined) return Promise.reject(new Died("now"));
    const { gate } = stage.machine.disk;
    stage.machine.disk.crashAt(gate.mutations + calls);
    return Promise.resolve();
  },
};

function drawSurvival(prng: Prng): { survival?: string } {
  if (prng.chance(45)) return {};
  return { survival: prng.pick(["none", "all", "last", "entries", "lengths", "data", `seed:${prng.next32()}`]) };
}
