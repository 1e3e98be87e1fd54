/** Stops the server cleanly and starts it again, now and then with another number of shards. */
import type { Actor } from "../run/actor.ts";

interface Doing {
  readonly shards?: number;
}

export const actor: Actor = {
  name: "stopper",
  weight: 2,
  alone: true,
  plan: (prng) => (prng.chance(30) ? { shards: prng.between(1, 3) } : {}),
  act: async (stage, given) => {
    const { shards } = given as unknown as Doing;
    await stage.stopAndStart(shards);
  },
};
