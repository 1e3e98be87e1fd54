/** Stops the server cleanly and starts it again, now and then with another number of shards. */
import type { Actor } from "../run/actor.ts";

interface Doing {
  readonly shards?: number;
  readonly verifies?: boolean;
}

export const actor: Actor = {
  name: "stopper",
  weight: 2,
  alone: true,
  plan: (prng) => ({
    ...(prng.chance(30) ? { shards: prng.between(1, 3) } : {}),
    ...(prng.chance(25) ? { verifies: true } : {}),
  }),
  act: async (stage, given) => {
    const { shards, verifies } = given as unknown as Doing;
    await stage.stopAndStart(shards, verifies);
  },
};
