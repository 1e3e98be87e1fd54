/**
 * Every operation, crashed at every mutating call, with every legal survival or a sample of them (spec 8.3). Images that are
 * the same as one before, by content and by what clients were told, are not gone through again.
 */
import type { Crash } from "../oracle/crash.ts";
import { type Case, casesOf, diskOf, isDeath } from "./cases.ts";
import { type Depth, examine, type Image } from "./examine.ts";
import { imageKey } from "./image-key.ts";
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
  /**
   * One image in so many goes through everything, the others are recovered, judged, and recovered once more. Without it all
   * of them do, or with a sample what is left out of one is done with its neighbours.
   */
  readonly thoroughEvery?: number;
  /** Only says how many there are. */
  readonly countOnly?: boolean;
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
  /** Survivals that were looked at, of which many leave the same image. */
  readonly cases: number;
  /** Different ones, with something pending. */
  readonly images: number;
  /** The rest: nothing was pending, the process died or the power went between two things. */
  readonly still: number;
  readonly recoveries: number;
  readonly failures: readonly Failure[];
}

const thorough: Depth = { furtherCrashes: 2, interruptions: 2 };
const light: Depth = { furtherCrashes: 0, interruptions: 0 };

export async function runOperation(operation: Operation, options: MatrixOptions): Promise<Outcome> {
  const failures: Failure[] = [];
  let [points, cases, images, still, recoveries] = [0, 0, 0, 0, 0];
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
    const seen = new Set<string>();
    for (const one of casesOf(name, moments, options.sample, options.only)) {
      if (seen.size >= (options.sample ?? Infinity)) break;
      cases++;
      const disk = diskOf(one);
      const key = imageKey(one, disk);
      if (seen.has(key)) continue;
      const depth = depthOf(seen.size, options);
      seen.add(key);
      if (one.moment.disk.pending.length === 0) still++;
      else images++;
      if (options.countOnly === true) continue;
      try {
        const image = { ...imageOf(one, operation), disk };
        recoveries += (await (operation.examine ?? examine)(image, depth)).recoveries;
      } catch (error) {
        failures.push({ id: one.id, error, call: one.moment.call });
        if (failures.length >= (options.maxFailures ?? 3))
          return { points, cases, images, still, recoveries, failures };
      }
    }
  }
  return { points, cases, images, still, recoveries, failures };
}

function imageOf(one: Case, operation: Operation): Omit<Image, "disk"> {
  const { id, moment } = one;
  const crash: Crash = moment.isClean ? "clean" : isDeath(one) && !moment.struck ? "kill" : "power";
  return {
    id,
    oracle: moment.oracle,
    crash,
    keepsCache: isDeath(one) && crash !== "clean",
    wallMs: moment.wallMs,
    server: operation.server ?? defaultServer,
    mayWantSpace: operation.mayWantSpace === true,
    verify: operation.verify,
    isOver: moment.isOver,
  };
}

function seedsOf({ order, seeds = 1 }: Operation, options: MatrixOptions): number {
  if (order !== "shuffled") return 1;
  const asked = Number(/#(\d+)/.exec(options.only ?? "")?.[1] ?? 0);
  return Math.max(asked, options.seeds ?? seeds);
}

function depthOf(at: number, { sample, only, thoroughEvery }: MatrixOptions): Depth {
  if (only?.includes("/") === true) return thorough;
  if (thoroughEvery !== undefined) return at % thoroughEvery === 0 ? thorough : light;
  return sample === undefined ? thorough : { furtherCrashes: at % 3 === 0 ? 2 : 1, interruptions: at % 2 };
}

function isAsked(name: string, only: string): boolean {
  return only === name || only.startsWith(`${name}@`) || name.startsWith(`${only}#`);
}
