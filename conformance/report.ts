/** The outcome of a run as a value; reporters turn it into text (spec 8.5). */
import type { Profile } from "./case.ts";

export type Outcome = "passed" | "failed" | "skipped";

export interface CaseResult {
  readonly id: string;
  readonly section: string;
  readonly profile: Profile;
  readonly title: string;
  readonly outcome: Outcome;
  /** Why it failed or was skipped. */
  readonly reason?: string;
  readonly durationMs: number;
}

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly total: number;
}

export interface Report {
  readonly url: string;
  readonly summary: Summary;
  readonly cases: readonly CaseResult[];
}

/** A report as text, ending in a newline. */
export type Reporter = (report: Report) => string;

export function summarise(cases: readonly CaseResult[]): Summary {
  const count = (outcome: Outcome): number => cases.filter((each) => each.outcome === outcome).length;
  return { passed: count("passed"), failed: count("failed"), skipped: count("skipped"), total: cases.length };
}
