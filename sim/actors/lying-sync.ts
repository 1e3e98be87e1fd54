/** Syncs of files and directories that report success and do nothing. */
import type { Actor } from "../run/actor.ts";

interface Doing {
  readonly fault: string;
}

const files = ["wal-", ".seg", ".ckpt", ".del", "MANIFEST", "LOCK"] as const;

export const actor: Actor = {
  name: "lying-sync",
  weight: 0,
  plan: (prng) => {
    const index = prng.between(1, 4);
    const forever = prng.chance(40) ? ":forever" : "";
    const fault = prng.chance(25)
      ? `syncDir#${index}:lie${forever}`
      : `datasync(${prng.pick(files)})#${index}:lie${forever}`;
    return { fault };
  },
  act: (stage, given) => {
    const { fault } = given as unknown as Doing;
    stage.plant(fault);
    return Promise.resolve();
  },
};
