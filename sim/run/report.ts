/** A failed seed in words, with the command that repeats it. */
import { Violation } from "../oracle/oracle.ts";
import { RuleBroken } from "../disk/monitor.ts";
import { printKept } from "./kept-seed.ts";
import type { RunOptions, RunResult } from "./simulation.ts";

export function invariantOf(error: unknown): string {
  if (error instanceof Violation) return error.invariant;
  if (error instanceof RuleBroken) return `rule: ${error.message.split(":")[0] ?? ""}`;
  return error instanceof Error ? error.name : "thrown";
}

/** Longer histories have not been cut down: whoever wants them draws them again. */
const mostPrinted = 80;

export function describeFailure({ profile, seed, ops }: RunOptions, { failure, steps }: RunResult): string {
  const error = failure?.error;
  const what = error instanceof Error ? error.message.split("\n")[0] : String(error);
  return [
    `FAILED seed ${seed}, profile ${profile.name}: ${invariantOf(error)}`,
    `history, cut down to ${steps.length} steps, as sim/seeds keeps it:`,
    printKept({ profile, seed, ops, what: what ?? "", steps: steps.length > mostPrinted ? [] : steps }),
    `repeat with: npm run sim -- --seed ${seed} --ops ${ops} --profile ${profile.name}`,
  ].join("\n");
}
