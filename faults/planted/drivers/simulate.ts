/**
 * Runs in a copy: seeds of all profiles, and the crash matrix, without a crash and then with growing samples, in turns,
 * because what a bug costs differs a lot between them; ends at the first failure. Nothing is chosen for a bug: all
 * operations, all profiles, seeds from 1 on, and those that are kept.
 *
 * The argument is the budget, in seconds of CPU: what else the machine does changes nothing. Prints one line of JSON.
 */
import { allOperations } from "../../../sim/crash-matrix/catalogue.ts";
import { runOperation } from "../../../sim/crash-matrix/matrix.ts";
import { momentsOf } from "../../../sim/crash-matrix/moments.ts";
import type { Operation } from "../../../sim/crash-matrix/operation.ts";
import { Prng } from "../../../sim/prng.ts";
import { keptSeeds } from "../../../sim/run/catalogue.ts";
import { parseKept } from "../../../sim/run/kept-seed.ts";
import { profiles } from "../../../sim/run/profile.ts";
import { invariantOf } from "../../../sim/run/report.ts";
import { runSeed, strayError } from "../../../sim/run/simulation.ts";

export interface Found {
  readonly tool: string;
  readonly by: string;
  readonly seed: string;
}

export interface Told {
  readonly found: Found | undefined;
  readonly seeds: number;
  readonly images: number;
}

const ops = 120;
const budget = Number(process.argv[2]);
let seeds = 0;
let images = 0;

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function describe(error: unknown): string {
  return error instanceof Error ? `${invariantOf(error)}: ${error.message}` : String(error);
}

/** What failed once: whatever it was is known to need just this. */
async function playKept(): Promise<Found | undefined> {
  for (const { name, text } of keptSeeds()) {
    const { failure } = await runSeed(parseKept(text));
    seeds++;
    if (failure !== undefined) return { tool: "simulator", by: describe(failure.error), seed: `kept: ${name}` };
  }
  return undefined;
}

async function playSeeds(from: number, until: number): Promise<Found | undefined> {
  for (let seed = from; cpuSeconds() < until; seed++)
    for (const profile of profiles) {
      if (cpuSeconds() >= until) return undefined;
      const { failure } = await runSeed({ seed: String(seed), profile, ops });
      seeds++;
      if (failure !== undefined)
        return { tool: "simulator", by: describe(failure.error), seed: `${seed}, ${profile.name}` };
    }
  return undefined;
}

/** The order in which the folder has them says nothing; a fixed one keeps runs alike. */
async function operations(): Promise<Operation[]> {
  return new Prng("planted").shuffle(await allOperations());
}

/** Without a crash: what an operation counts on, and the rules of order. */
async function runEverything(until: number): Promise<Found | undefined> {
  for (const operation of await operations()) {
    if (cpuSeconds() >= until) return undefined;
    try {
      await momentsOf(operation, 1);
    } catch (error) {
      return { tool: "crash matrix", by: describe(error), seed: operation.name };
    }
  }
  return undefined;
}

async function crashEverywhere(sample: number, matrixSeeds: number, until: number): Promise<Found | undefined> {
  for (const operation of await operations()) {
    if (cpuSeconds() >= until) return undefined;
    const outcome = await runOperation(operation, { sample, seeds: matrixSeeds, maxFailures: 1 });
    images += outcome.images;
    const [failure] = outcome.failures;
    if (failure !== undefined) return { tool: "crash matrix", by: describe(failure.error), seed: failure.id };
  }
  return undefined;
}

process.on("unhandledRejection", strayError);
const found =
  (await playSeeds(1, budget * 0.15)) ??
  (await runEverything(budget * 0.4)) ??
  (await crashEverywhere(6, 1, budget * 0.75)) ??
  (await playKept()) ??
  (await playSeeds(2001, budget * 0.9)) ??
  (await crashEverywhere(30, 2, budget));
console.log(JSON.stringify({ found, seeds, images } satisfies Told));
process.exit(found === undefined ? 0 : 1);
