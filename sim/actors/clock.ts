/** Clocks that jump, stand still and disagree, and an event loop that does not get its turn (spec 1.6, 9.2). */
import type { Actor } from "../run/actor.ts";

interface Doing {
  readonly jumpMs?: number;
  readonly freezes?: boolean;
  readonly thaws?: boolean;
  readonly stallMs?: number;
  /** So much time goes by afterwards. */
  readonly restMs?: number;
}

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
const names = new Map([
  [-hourMs, "the clock an hour back"],
  [-10 * yearMs, "the clock ten years back"],
  [yearMs, "the clock a year on"],
]);

export const actor: Actor = {
  name: "clock",
  weight: 1,
  alone: true,
  plan: (prng) => {
    const rest = prng.chance(30) ? { restMs: prng.pick([1000, 70_000]) } : {};
    switch (prng.below(8)) {
      case 0:
        return { freezes: true, ...rest };
      case 1:
      case 2:
        return { thaws: true };
      case 3:
        return { stallMs: 5000 };
      default:
        return { jumpMs: prng.pick([-hourMs, -10 * yearMs, yearMs, -1000, 1000, 1_800_000, 2 * hourMs]), ...rest };
    }
  },
  act: async (stage, given) => {
    const { jumpMs, freezes, thaws, stallMs, restMs } = given as unknown as Doing;
    const { clocks } = stage;
    if (jumpMs !== undefined) {
      clocks.jump(jumpMs);
      const name = names.get(jumpMs);
      if (name !== undefined) stage.say(name);
    }
    if (freezes === true) {
      clocks.freeze();
      stage.say("a clock that stands still");
    }
    if (thaws === true) clocks.thaw();
    if (stallMs !== undefined) {
      stage.scheduler.stall(stallMs);
      stage.say("the event loop stands still");
    }
    if (restMs !== undefined) await stage.machine.pass(restMs);
  },
};
