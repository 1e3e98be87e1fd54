/** Kills the process, now or at some later call, with or without the machine, and interrupts recoveries. */
import type { CallName } from "../disk/call.ts";
import type { Prng } from "../prng.ts";
import type { Actor } from "../run/actor.ts";
import { Died } from "../crash-matrix/machine.ts";
import type { CrashPlan } from "../run/stage.ts";

interface Doing extends CrashPlan {
  /** Mutating calls until it dies; without it, now, or at a call of some kind. */
  readonly calls?: number;
  /** Name and part of the path of the call instead of which it dies. */
  readonly site?: readonly [CallName, string];
}

export const actor: Actor = {
  name: "crash",
  weight: 5,
  alone: true,
  plan: (prng) => ({
    ...drawMoment(prng),
    ...drawSurvival(prng),
    interruptions: prng.chance(25)
      ? Array.from({ length: prng.between(1, 2) }, () => ({ at: prng.below(40), ...drawSurvival(prng) }))
      : [],
    ...(prng.chance(15) ? { shards: prng.between(1, 3) } : {}),
    ...(prng.chance(20) ? { twice: true } : {}),
  }),
  act: (stage, given) => {
    const { calls, site, ...plan } = given as unknown as Doing;
    stage.crashPlan = plan;
    const { gate } = stage.machine.disk;
    if (site !== undefined) {
      gate.crashAtSite(...site);
      return Promise.resolve();
    }
    if (calls === undefined) return Promise.reject(new Died("now"));
    stage.machine.disk.crashAt(gate.mutations + calls);
    return Promise.resolve();
  },
};

/** Calls that are too rare to be met by counting. */
const sites: readonly (readonly [CallName, string])[] = [
  ["write", ".del"],
  ["datasync", ".del"],
  ["open", ".del"],
  ["unlink", ".del"],
  ["write", ".ckpt"],
  ["rename", ".ckpt"],
  ["unlink", ".ckpt"],
  ["write", ".seg"],
  ["rename", ".seg"],
  ["unlink", ".seg"],
  ["unlink", "wal-"],
  ["link", "wal-"],
  ["datasync", "wal-"],
  ["rename", "MANIFEST"],
  ["syncDir", "/data"],
  ["syncDir", "/cold"],
];

function drawMoment(prng: Prng): Pick<Doing, "calls" | "site"> {
  if (prng.chance(30)) return { site: prng.pick(sites) };
  return prng.chance(60) ? { calls: prng.below(prng.chance(50) ? 10 : 60) } : {};
}

function drawSurvival(prng: Prng): { survival?: string } {
  if (prng.chance(45)) return {};
  return { survival: prng.pick(["none", "all", "last", "entries", "lengths", "data", `seed:${prng.next32()}`]) };
}
