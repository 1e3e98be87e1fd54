/** What will be done in a run, drawn from the seed: steps that print as a line each and parse back. */
import type { Prng } from "../prng.ts";
import type { Actor, Doing } from "./actor.ts";
import type { Profile } from "./profile.ts";

export interface Step {
  /** Its place in the history as it was drawn; what is drawn while it is done depends on this number alone. */
  readonly number: number;
  /** Virtual time that goes by before it. */
  readonly pauseMs: number;
  readonly actor: string;
  readonly doing: Doing;
}

export function planSteps(prng: Prng, count: number, profile: Profile, actors: readonly Actor[]): Step[] {
  const weights = actors.map(({ name, weight }) => profile.weights[name] ?? weight);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Array.from({ length: count }, (_, at) => {
    const draw = prng.fork(`step ${at + 1}`);
    const actor = actors[weighted(draw.below(sum), weights)];
    return { number: at + 1, pauseMs: pause(draw), actor: actor.name, doing: actor.plan(draw, profile) };
  });
}

export function printStep({ number, pauseMs, actor, doing }: Step): string {
  return `${number} +${pauseMs}ms ${actor} ${JSON.stringify(doing)}`;
}

export function parseStep(line: string): Step {
  const [, number, pauseMs, actor, doing] = /^(\d+) \+(\d+)ms ([a-z-]+) (\{.*\})$/.exec(line) ?? [];
  if (doing === undefined) throw new Error(`not a step: ${line}`);
  return { number: Number(number), pauseMs: Number(pauseMs), actor: actor, doing: JSON.parse(doing) as Doing };
}

function weighted(draw: number, weights: readonly number[]): number {
  let left = draw;
  for (const [at, weight] of weights.entries()) {
    if (left < weight) return at;
    left -= weight;
  }
  throw new Error("a draw is below the sum of the weights");
}

function pause(prng: Prng): number {
  if (prng.chance(60)) return 0;
  if (prng.chance(70)) return prng.below(20);
  return prng.chance(85) ? prng.below(400) : prng.below(4000);
}
