/**
 * Every operation, crashed at every mutating call, with every legal survival or a sample of them (spec 8.3). A case is one
 * word, `operation[#seed]@call/survival`, that repeats it.
 */
import { Prng } from "../prng.ts";
import { survivals } from "../disk/survivals.ts";
import { parseSurvival, printSurvival } from "../disk/survival.ts";
import type { Crash } from "../oracle/crash.ts";
import { type Depth, examine } from "./examine.ts";
import { defaultServer } from "./machine.ts";
import { type Moment, momentsOf } from "./moments.ts";
import type { Operation } from "./operation.ts";

export interface MatrixOptions {
  /** Images per operation and seed; without it all there are. */
  readonly sample?: number;
  /** A case, or the beginning of one. */
  readonly only?: string;
  /** How many seeds a shuffled operation is run with; it says itself otherwise. */
  readonly seeds?: number;
  /** Goes on behind a failure, up to so many. */
  readonly maxFailures?: number;
}

export interface Failure {
  readonly id: string;
  readonly error: unknown;
  /** The call that was not made. */
  readonly call: string;
}

export interface Outcome {
  readonly points: number;
  readonly images: number;
  readonly recoveries: number;
  readonly failures: readonly Failure[];
}

interface Case {
  readonly id: string;
  readonly moment: Moment;
  /** `kill`, or what survives a loss of power. */
  readonly survival: string;
}

const survivalsPerPoint = 6;
const thorough: Depth = { furtherCrashes: 2, interruptions: 2 };

export async function runOperation(operation: Operation, options: MatrixOptions): Promise<Outcome> {
  const failures: Failure[] = [];
  let [points, images, recoveries] = [0, 0, 0];
  for (let seed = 1; seed <= seedsOf(operation, options); seed++) {
    const name = operation.order === "shuffled" ? `${operation.name}#${seed}` : operation.name;
    if (options.only !== undefined && !isAsked(name, options.only)) continue;
    let moments: Moment[];
    try {
      moments = await momentsOf(operation, seed);
    } catch (error) {
      failures.push({ id: name, error, call: "the run itself" });
      continue;
    }
    points += moments.length;
    for (const [at, { id, moment, survival }] of casesOf(name, moments, options).entries()) {
      images++;
      const isKill = survival === "kill";
      const disk = isKill ? moment.disk : moment.disk.powerLoss(parseSurvival(survival));
      const crash: Crash = moment.isClean ? "clean" : isKill && !moment.struck ? "kill" : "power";
      const keepsCache = isKill && crash !== "clean";
      const { oracle, wallMs } = moment;
      const server = operation.server ?? defaultServer;
      const depth = options.sample === undefined || options.only?.includes("/") ? thorough : sampledDepth(at);
      const mayWantSpace = operation.mayWantSpace === true;
      try {
        recoveries += (await examine({ id, disk, oracle, crash, keepsCache, wallMs, server, mayWantSpace }, depth))
          .recoveries;
      } catch (error) {
        failures.push({ id, error, call: moment.call });
        if (failures.length >= (options.maxFailures ?? 3)) return { points, images, recoveries, failures };
      }
    }
  }
  return { points, images, recoveries, failures };
}

function seedsOf({ order, seeds = 1 }: Operation, options: MatrixOptions): number {
  if (order !== "shuffled") return 1;
  const asked = Number(/#(\d+)/.exec(options.only ?? "")?.[1] ?? 0);
  return Math.max(asked, options.seeds ?? seeds);
}

/** Not every image goes through everything: what is left out is done with its neighbours. */
function sampledDepth(at: number): Depth {
  return { furtherCrashes: at % 3 === 0 ? 2 : 1, interruptions: at % 2 };
}

function isAsked(name: string, only: string): boolean {
  return only === name || only.startsWith(`${name}@`) || name.startsWith(`${only}#`);
}

function casesOf(name: string, moments: readonly Moment[], { sample, only }: MatrixOptions): Case[] {
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
  const deaths = shuffled.filter(({ survival }) => survival === "kill").slice(0, Math.floor(sample / 3));
  const chosen = new Set([...deaths, ...shuffled]);
  return [...atEnds, ...[...chosen].slice(0, Math.max(0, sample - atEnds.length))];
}

function pointCases(name: string, moment: Moment, sample: number | undefined): Case[] {
  const { pending } = moment.disk;
  const seed = `${name}@${moment.number}`;
  const choice = sample === undefined ? ({ exhaustive: true, seed } as const) : { sample: survivalsPerPoint, seed };
  const chosen = [...(moment.isUnknowable ? [] : ["kill"]), ...survivals(pending, choice).map(printSurvival)];
  return chosen.map((survival) => ({ id: `${name}@${moment.number}/${survival}`, moment, survival }));
}
