/** `npm run sim`: histories one after another, or one of them; `--help` says how. */
import { keptSeeds, rareStates } from "./catalogue.ts";
import { help, readCommandLine, Usage, type Wish } from "./command-line.ts";
import { Coverage } from "./coverage.ts";
import { parseKept } from "./kept-seed.ts";
import { faultClassCount, missing } from "./minimums.ts";
import { hashesElsewhere, parseRepeated, type Repeated } from "./other-process.ts";
import { type Profile, profileNamed } from "./profile.ts";
import { describeFailure } from "./report.ts";
import { shrink } from "./shrink.ts";
import { type RunOptions, type RunResult, runSeed, strayError } from "./simulation.ts";

/** Histories that one other process repeats. */
const repeatedAtOnce = 50;
/** From here on it is worth telling what never happened. */
const manySeeds = 100;

class Session {
  readonly #wish: Wish;
  readonly #coverage = new Coverage();
  readonly #started = Date.now();
  readonly #longFound = new Map<string, { long: number; seeds: number; first: number | undefined }>();
  readonly #totals = { seeds: 0, steps: 0, crashes: 0, long: 0, failed: 0, repeated: 0 };
  #toRepeat: (Repeated & { readonly hash: string })[] = [];

  constructor(wish: Wish) {
    this.#wish = wish;
  }

  get failed(): boolean {
    return this.#totals.failed > 0;
  }

  async run(): Promise<void> {
    const { kept, seed, profiles, ops } = this.#wish;
    if (kept !== undefined) for (const options of keptNamed(kept)) await this.#one(options);
    else if (seed !== undefined) for (const profile of profiles) await this.#one({ seed, profile, ops });
    else await this.#many();
    await this.#repeat();
    await this.#report();
  }

  async #many(): Promise<void> {
    const { profiles, ops, from, seeds, forMs, failures } = this.#wish;
    const until = seeds === undefined ? this.#started + forMs : Number.POSITIVE_INFINITY;
    const last = seeds === undefined ? Number.POSITIVE_INFINITY : from + seeds;
    for (let seed = from; seed < last && Date.now() < until; seed++)
      for (const profile of profiles) {
        if (Date.now() >= until || this.#totals.failed >= failures) return;
        await this.#one({ seed: String(seed), profile, ops });
      }
  }

  async #one(options: RunOptions): Promise<void> {
    const { seed, profile, ops } = options;
    const { trace, stack, shrinks, twice } = this.#wish;
    const result = await runSeed({ ...options, ...(trace ? { onTrace: (line: string) => console.log(line) } : {}) });
    this.#count(profile, result);
    if (this.#wish.seed !== undefined || this.#wish.kept !== undefined) console.log(`trace hash: ${result.hash}`);
    if (twice && options.steps === undefined)
      this.#toRepeat.push({ profile: profile.name, seed, ops, hash: result.hash });
    if (this.#toRepeat.length >= repeatedAtOnce) await this.#repeat();
    if (result.failure === undefined) return;
    this.#totals.failed++;
    const { error } = result.failure;
    console.log(`seed ${seed}, profile ${profile.name} fails: ${String(error)}`);
    if (stack && error instanceof Error) console.log(error.stack);
    console.log(describeFailure(options, shrinks ? await shrink(options, result) : result));
  }

  async #repeat(): Promise<void> {
    const runs = this.#toRepeat;
    this.#toRepeat = [];
    if (runs.length === 0) return;
    const hashes = await hashesElsewhere(runs);
    for (const [at, { profile, seed, hash }] of runs.entries()) {
      this.#totals.repeated++;
      if (hashes[at] === hash) continue;
      this.#totals.failed++;
      console.log(
        `seed ${seed}, profile ${profile}: trace hash ${hash} here, ${hashes[at] ?? "none"} in another process`,
      );
    }
  }

  #count(profile: Profile, result: RunResult): void {
    this.#coverage.add(result.coverage);
    const totals = this.#totals;
    const found = this.#longFound.get(profile.name);
    totals.seeds++;
    totals.steps += result.steps.length;
    totals.crashes += result.crashes;
    if (result.isLong) totals.long++;
    const { long, seeds, first } = found ?? { long: 0, seeds: 0, first: undefined };
    const now = { long: long + (result.isLong ? 1 : 0), seeds: seeds + 1, first };
    this.#longFound.set(profile.name, { ...now, first: first ?? (result.isLong ? now.seeds : undefined) });
  }

  async #report(): Promise<void> {
    const totals = this.#totals;
    const states = await rareStates();
    const names = this.#wish.profiles.map(({ name }) => name);
    const lacks = missing(this.#coverage, states, names);
    const seconds = (Date.now() - this.#started) / 1000;
    console.log(this.#coverage.print());
    for (const [name, { long, seeds, first }] of this.#longFound)
      console.log(
        `profile ${name}: ${long} of ${seeds} histories have three deaths with writes before each, a checkpoint, ` +
          `a rotation and a delete${first === undefined ? "" : `; the first is number ${first}`}`,
      );
    console.log(
      `faults: ${faultClassCount - lacks.faults.length} of ${faultClassCount} classes fired; ` +
        `rare states: ${states.length - lacks.states.length} of ${states.length} met; ` +
        `crash points: ${this.#coverage.family("points")} triples of call, phase and survival`,
    );
    const isTold = this.#wish.enforce || totals.seeds >= manySeeds;
    if (isTold && lacks.faults.length > 0) console.log(`never fired: ${lacks.faults.join("; ")}`);
    if (isTold && lacks.states.length > 0) console.log(`never met: ${lacks.states.join("; ")}`);
    if (this.#wish.enforce && lacks.faults.length + lacks.states.length > 0) totals.failed++;
    console.log(
      `simulator: ${totals.seeds} seeds, ${totals.steps} operations, ${totals.crashes} crashes, ` +
        `${totals.repeated} run twice, ${totals.failed} failures, ${seconds.toFixed(1)} s, ` +
        `${Math.round(totals.steps / seconds)} operations a second, ${Math.round((totals.seeds / seconds) * 3600)} seeds an hour`,
    );
  }
}

function keptNamed(name: string): RunOptions[] {
  const found = keptSeeds().filter((kept) => name === "all" || kept.name === `${name}.txt`);
  if (found.length === 0) throw new Usage(`no seed is kept by the name ${name}`);
  return found.map(({ text }) => parseKept(text));
}

async function printHashes(asked: string): Promise<void> {
  for (const { profile, seed, ops } of parseRepeated(asked))
    console.log((await runSeed({ profile: profileNamed(profile), seed, ops })).hash);
}

async function main(): Promise<number> {
  try {
    const wish = readCommandLine(process.argv.slice(2));
    if (wish.help) console.log(help);
    else if (wish.hashes !== undefined) await printHashes(wish.hashes);
    else {
      const session = new Session(wish);
      await session.run();
      return session.failed ? 1 : 0;
    }
    return 0;
  } catch (error) {
    if (!(error instanceof Usage)) throw error;
    console.error(`${error.message}\n\n${help}`);
    return 2;
  }
}

process.on("unhandledRejection", strayError);
process.exitCode = await main();
