/**
 * The probe as a library (spec 8.5): `runProbe(parseTarget(url), options)` runs the discovered cases against a server
 * and returns the report as a value.
 */
import type { Report } from "./report.ts";
import { runCases, selectCases } from "./runner.ts";
import type { RunOptions } from "./runner.ts";
import { discoverCases } from "./discover.ts";
import type { Target } from "./target.ts";

export { parseTarget } from "./target.ts";
export type { Target } from "./target.ts";
export type { RunOptions } from "./runner.ts";
export type { CaseResult, Outcome, Report, Summary } from "./report.ts";

export async function runProbe(target: Target, options: RunOptions = {}): Promise<Report> {
  return runCases(target, selectCases(await discoverCases(), options), options);
}
