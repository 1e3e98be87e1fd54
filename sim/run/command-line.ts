/** What `npm run sim` is asked for. A wrong word costs nothing but a line that says so. */
import { parseArgs } from "node:util";
import { type Profile, profileNamed, profiles } from "./profile.ts";

export const help = `npm run sim -- [options]

  --seed N          one history; without it, one seed after another
  --profile P       ${profiles.map(({ name }) => name).join(", ")}, several with commas, or all (the default)
  --ops M           steps of a history (120)
  --for T           how long: 30s, 10m, 2h (1m)
  --from N          the first seed (1)
  --seeds N         so many seeds of each profile, however long that takes
  --kept NAME       a seed that failed once: sim/seeds/NAME.txt; --kept all runs each of them
  --twice           every history again in another process, in another time zone and language: the hashes are the same
  --enforce         fails unless every class of fault fired, and every rare state was met
  --trace           everything that happens, a line each
  --stack           where a failure was thrown
  --no-shrink       a history that fails is printed as it is
  --failures N      ends after so many (3)
  --help

${profiles.map(({ name, about }) => `  ${name.padEnd(8)} ${about}`).join("\n")}`;

export class Usage extends Error {
  override readonly name = "Usage";
}

export interface Wish {
  readonly help: boolean;
  readonly seed: string | undefined;
  readonly profiles: readonly Profile[];
  readonly ops: number;
  readonly forMs: number;
  readonly from: number;
  readonly seeds: number | undefined;
  readonly kept: string | undefined;
  readonly twice: boolean;
  readonly enforce: boolean;
  readonly trace: boolean;
  readonly stack: boolean;
  readonly shrinks: boolean;
  readonly failures: number;
  /** Prints hashes, a line each, and nothing else: for the other process of `--twice`. */
  readonly hashes: string | undefined;
}

const options = {
  seed: { type: "string" },
  for: { type: "string", default: "1m" },
  ops: { type: "string", default: "120" },
  profile: { type: "string", default: "all" },
  from: { type: "string", default: "1" },
  seeds: { type: "string" },
  kept: { type: "string" },
  twice: { type: "boolean", default: false },
  enforce: { type: "boolean", default: false },
  trace: { type: "boolean", default: false },
  stack: { type: "boolean", default: false },
  "no-shrink": { type: "boolean", default: false },
  failures: { type: "string", default: "3" },
  hashes: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

/** Throws `Usage`. */
export function readCommandLine(args: readonly string[]): Wish {
  const { values } = parsed(args);
  if (values.seed !== undefined && !/^\d+$/.test(values.seed)) throw new Usage(`--seed ${values.seed}: not a number`);
  return {
    help: values.help,
    seed: values.seed,
    profiles: chosen(values.profile),
    ops: whole("ops", values.ops, 1),
    forMs: milliseconds(values.for),
    from: whole("from", values.from, 0),
    seeds: values.seeds === undefined ? undefined : whole("seeds", values.seeds, 1),
    kept: values.kept,
    twice: values.twice,
    enforce: values.enforce,
    trace: values.trace,
    stack: values.stack,
    shrinks: !values["no-shrink"],
    failures: whole("failures", values.failures, 1),
    hashes: values.hashes,
  };
}

function parsed(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof options }>> {
  try {
    return parseArgs({ args: [...args], options });
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error));
  }
}

function chosen(text: string): readonly Profile[] {
  if (text === "all") return profiles;
  try {
    return text.split(",").map(profileNamed);
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least) throw new Usage(`--${name} ${text}: a whole number from ${least}`);
  return value;
}

function milliseconds(text: string): number {
  const [, number, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  if (number === undefined) throw new Usage(`--for ${text}: a time is 30s, 10m, 2h`);
  return Number(number) * (unit === "h" ? 3_600_000 : unit === "m" ? 60_000 : 1000);
}
