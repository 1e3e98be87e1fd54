/**
 * Which crashes of an operation are tried: every moment with every legal survival, or a sample that has both ends in it. A
 * case is one word, `operation[#seed]@call/survival`, that repeats it.
 */
import { parseSurvival, printSurvival } from "../disk/survival.ts";
import { survivals } from "../disk/survivals.ts";
import type { SimulatedDisk } from "../disk/disk.ts";
import { Prng } from "../prng.ts";
import type { Moment } from "./moments.ts";

export interface Case {
  readonly id: string;
  readonly moment: Moment;
  /** `kill`, or what survives a loss of power. */
  readonly survival: string;
}

const survivalsPerPoint = 6;
const kill = "kill";

/** Those of a sample first, in an order that depends on the name alone; how many of them are tried is the caller's affair. */
export function casesOf(
  name: string,
  moments: readonly Moment[],
  sample: number | undefined,
  only: string | undefined,
): Case[] {
  const asked = only?.split("@")[1];
  if (asked !== undefined) {
    const [number, survival] = asked.split("/");
    const moment = moments[Number(number)];
    if (moment === undefined) throw new Error(`there is no call ${number}: ${name} has ${moments.length} points`);
    if (survival !== undefined) return [{ id: `${name}@${asked}`, moment, survival }];
    return pointCases(name, moment, undefined);
  }
  const ends = [moments[0], ...(moments.length > 1 ? [moments[moments.length - 1]] : [])];
  const between = moments.slice(1, -1).flatMap((moment) => pointCases(name, moment, sample));
  const atEnds = ends.flatMap((moment) => pointCases(name, moment, sample));
  if (sample === undefined) return [...atEnds, ...between];
  // A third of the room is for deaths of the process: there is one per call, and no sample of its survivals.
  const shuffled = new Prng(name).fork("sample").shuffle(between);
  const deaths = shuffled.filter(({ survival }) => survival === kill).slice(0, Math.floor(sample / 3));
  return [...atEnds, ...new Set([...deaths, ...shuffled])];
}

export function isDeath({ survival }: Case): boolean {
  return survival === kill;
}

/** The machine as the crash leaves it. */
export function diskOf(one: Case): SimulatedDisk {
  const { disk } = one.moment;
  return isDeath(one) ? disk : disk.powerLoss(parseSurvival(one.survival));
}

function pointCases(name: string, moment: Moment, sample: number | undefined): Case[] {
  const { pending } = moment.disk;
  const seed = `${name}@${moment.number}`;
  const choice = sample === undefined ? ({ exhaustive: true, seed } as const) : { sample: survivalsPerPoint, seed };
  const chosen = [...(moment.isUnknowable ? [] : [kill]), ...survivals(pending, choice).map(printSurvival)];
  return chosen.map((survival) => ({ id: `${name}@${moment.number}/${survival}`, moment, survival }));
}
