/**
 * A seed that failed once, in a text file that is run for ever:
 *
 *   profile: mixed
 *   seed: 24
 *   ops: 120
 *   what: a line on what it was
 *
 *   5 +0ms operator {"topic":"b", …}
 *
 * The steps are the history that failed, cut down; without any the history is drawn from the seed, as it was then.
 */
import { parseStep, printStep, type Step } from "./plan.ts";
import { type Profile, profileNamed } from "./profile.ts";

export interface KeptSeed {
  readonly profile: Profile;
  readonly seed: string;
  readonly ops: number;
  readonly what: string;
  readonly steps: readonly Step[];
}

export function parseKept(text: string): KeptSeed {
  const [head = "", body = ""] = text.split("\n\n");
  const fields = new Map(
    head.split("\n").map((line) => {
      const [, name = "", value = ""] = /^(\w+): (.+)$/.exec(line) ?? [];
      return [name, value];
    }),
  );
  const field = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined) throw new Error(`a kept seed has a ${name}`);
    return value;
  };
  const steps = body.split("\n").filter((line) => line !== "");
  return {
    profile: profileNamed(field("profile")),
    seed: field("seed"),
    ops: Number(field("ops")),
    what: field("what"),
    steps: steps.map(parseStep),
  };
}

export function printKept({ profile, seed, ops, what, steps }: KeptSeed): string {
  const head = [`profile: ${profile.name}`, `seed: ${seed}`, `ops: ${ops}`, `what: ${what}`];
  return [...head, "", ...steps.map(printStep), ""].join("\n");
}
