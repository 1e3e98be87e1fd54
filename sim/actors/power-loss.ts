/** The machine loses its power: with every kind of survival, several times in a row, and while the next server starts. */
import { Died } from "../crash-matrix/machine.ts";
import type { Prng } from "../prng.ts";
import type { Actor } from "../run/actor.ts";
import type { CrashPlan } from "../run/stage.ts";

interface Doing extends CrashPlan {
  readonly calls?: number;
}

export const actor: Actor = {
  name: "power-loss",
  weight: 0,
  alone: true,
  plan: (prng) => ({
    ...(prng.chance(70) ? { calls: prng.below(prng.chance(60) ? 12 : 80) } : {}),
    survival: drawSurvival(prng),
    interruptions: prng.chance(50)
      ? Array.from({ length: prng.between(1, 3) }, () => ({
          at: prng.below(40),
          ...(prng.chance(75) ? { survival: drawSurvival(prng) } : {}),
        }))
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

function drawSurvival(prng: Prng): string {
  const index = prng.below(12);
  return prng.pick([
    "none",
    "all",
    "last",
    "entries",
    "lengths",
    "data",
    `prefix:${index}`,
    `drop:${index}`,
    `keep:${index}`,
    `tear:${index}:prefix=1`,
    `tear:${index}:suffix=1`,
    `tear:${index}:length`,
    `seed:${prng.next32()}`,
    `seed:${prng.next32()}`,
  ]);
}
