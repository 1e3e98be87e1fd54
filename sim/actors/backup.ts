/** Has a backup made while everything goes on; it is restored at the end (spec 6.7, 9.4/3). */
import type { Actor } from "../run/actor.ts";

interface Doing {
  readonly name: string;
}

export const actor: Actor = {
  name: "backup",
  weight: 1,
  plan: (prng) => ({ name: `b${prng.below(1_000_000)}` }),
  act: async (stage, given) => {
    const { name } = given as unknown as Doing;
    const answer = await stage.backups.make(name);
    stage.note(`backup ${name} ${answer ?? "ok"}`);
    stage.coverage.count(`answers: backup ${answer ?? "ok"}`);
  },
};
