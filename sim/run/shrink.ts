/** Cuts a failing history down (delta debugging): what is left fails in the same way, and each part of it is needed. */
import { invariantOf } from "./report.ts";
import type { Step } from "./plan.ts";
import { type RunOptions, type RunResult, runSeed } from "./simulation.ts";

/** Tries that may be spent on one failure. */
const mostTries = 300;

export async function shrink(options: RunOptions, failed: RunResult): Promise<RunResult> {
  const kind = invariantOf(failed.failure?.error);
  let tries = 0;
  let smallest = failed;
  const stillFails = async (steps: readonly Step[]): Promise<boolean> => {
    if (++tries > mostTries) return false;
    const result = await runSeed({ ...options, steps });
    if (result.failure === undefined || invariantOf(result.failure.error) !== kind) return false;
    smallest = result;
    return true;
  };
  const last = failed.failure?.step?.number ?? Number.POSITIVE_INFINITY;
  let left = failed.steps.filter(({ number }) => number <= last);
  if (!(await stillFails(left))) left = [...failed.steps];
  for (let pieces = 2; left.length > 1 && tries < mostTries;) {
    const smaller = await withoutOne(left, pieces, stillFails);
    if (smaller !== undefined) {
      left = smaller;
      pieces = Math.max(2, pieces - 1);
    } else if (pieces >= left.length) break;
    else pieces = Math.min(left.length, pieces * 2);
  }
  return smallest;
}

async function withoutOne(
  steps: Step[],
  pieces: number,
  stillFails: (steps: readonly Step[]) => Promise<boolean>,
): Promise<Step[] | undefined> {
  const length = Math.ceil(steps.length / pieces);
  for (let from = 0; from < steps.length; from += length) {
    const rest = [...steps.slice(0, from), ...steps.slice(from + length)];
    if (rest.length > 0 && (await stillFails(rest))) return rest;
  }
  return undefined;
}
