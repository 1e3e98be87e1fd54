/** `npm run sim`: histories drawn from seeds, one or many, all profiles or one (spec 8.2). */
import { optionsOf, refuse, wholeNumber } from "../command-line.ts";
import { Coverage } from "./coverage.ts";
import { profileNamed, profiles } from "./profile.ts";
import { describeFailure } from "./report.ts";
import { shrink } from "./shrink.ts";
import { keptSeeds } from "./catalogue.ts";
import { parseKept } from "./kept-seed.ts";
import { type RunOptions, runSeed, strayError } from "./simulation.ts";

const usage = `usage: npm run sim -- [options]

Plays histories of a server, its clients and its crashes on a simulated disk in virtual time. The same seed does the
same, here and anywhere. Without --seed seeds are run one after another, of every profile in turn.

  --seed N         one seed
  --for TIME       how long to go on: 30s, 10m, 2h (1m)
  --from N         the first seed of many (1)
  --ops N          steps of a history (120)
  --profile NAME   ${profiles.map(({ name }) => name).join(", ")}
  --kept NAME      a seed that failed once: sim/seeds/NAME.txt
  --trace          prints everything that happens
  --stack          prints stacks of failures
  --no-shrink      leaves a history that fails as long as it is
  --failures N     stops behind so many failures (3)
  --help           this text

Exit code 0: nothing wrong was found; 1: something was; 2: bad usage.`;

const values = optionsOf(usage, {
  seed: { type: "string" },
  for: { type: "string", default: "1m" },
  ops: { type: "string", default: "120" },
  profile: { type: "string" },
  from: { type: "string", default: "1" },
  kept: { type: "string" },
  trace: { type: "boolean", default: false },
  stack: { type: "boolean", default: false },
  "no-shrink": { type: "boolean", default: false },
  failures: { type: "string", default: "3" },
});
const number = (name: "ops" | "from" | "failures"): number => wholeNumber(usage, name, values[name], 0);
const [ops, from, failures] = [number("ops"), number("from"), number("failures")];
if (values.profile !== undefined && !profiles.some(({ name }) => name === values.profile))
  refuse(usage, `no profile ${values.profile}`);
const forMs = milliseconds(values.for);
const chosen = values.profile === undefined ? profiles : [profileNamed(values.profile)];
const coverage = new Coverage();
const started = Date.now();
const totals = { seeds: 0, steps: 0, crashes: 0, failed: 0, longHistories: 0 };

async function one(options: RunOptions): Promise<void> {
  const { seed, profile } = options;
  const result = await runSeed({
    ...options,
    ...(values.trace ? { onTrace: (line: string) => console.log(line) } : {}),
  });
  coverage.add(result.coverage);
  totals.seeds++;
  totals.steps += result.steps.length;
  totals.crashes += result.crashes;
  if (result.crashes >= 3) totals.longHistories++;
  if (values.seed !== undefined || values.kept !== undefined) console.log(`trace hash: ${result.hash}`);
  if (result.failure === undefined) return;
  totals.failed++;
  const { error } = result.failure;
  console.log(`seed ${seed}, profile ${profile.name} fails: ${String(error)}`);
  if (values.stack && error instanceof Error) console.log(error.stack);
  const smallest = values["no-shrink"] ? result : await shrink(options, result);
  console.log(describeFailure(options, smallest));
}

process.on("unhandledRejection", strayError);
const profile = chosen[0];
if (values.kept !== undefined) {
  const kept = keptSeeds().find(({ name }) => name === `${values.kept}.txt`);
  if (kept === undefined) refuse(usage, `no seed is kept by the name ${values.kept}`);
  await one(parseKept(kept.text));
} else if (values.seed !== undefined && profile !== undefined) await one({ seed: values.seed, profile, ops });
else {
  const until = started + forMs;
  for (let seed = from; Date.now() < until && totals.failed < failures; seed++)
    for (const each of chosen) if (Date.now() < until) await one({ seed: String(seed), profile: each, ops });
}
const seconds = (Date.now() - started) / 1000;
console.log(coverage.print());
console.log(
  `simulator: ${totals.seeds} seeds, ${totals.steps} operations, ${totals.crashes} crashes, ` +
    `${totals.longHistories} histories of three crashes and more, ${totals.failed} failures, ${seconds.toFixed(1)} s, ` +
    `${Math.round(totals.steps / seconds)} operations a second, ${Math.round((totals.seeds / seconds) * 3600)} seeds an hour`,
);
process.exitCode = totals.failed > 0 ? 1 : 0;

function milliseconds(text: string): number {
  const [, number, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  if (number === undefined) return refuse(usage, `not a time: ${text} (30s, 10m, 2h)`);
  return Number(number) * (unit === "h" ? 3_600_000 : unit === "m" ? 60_000 : 1000);
}
