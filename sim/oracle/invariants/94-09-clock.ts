/**
 * The server's clock (1.6, 9.4/9): it never goes back while the process lives, is never ahead of what the wall clock has
 * shown, and follows it, unless a step forward of more than an hour has not stood for a minute.
 */
import type { Observation } from "../observation.ts";
import { Violation } from "../violation.ts";

export interface ClockFacts {
  readonly wallMs: number;
  /** The latest that the wall clock has ever shown. */
  readonly latestWallMs: number;
  /** A step forward is too fresh to be believed. */
  readonly isSuspect: boolean;
  /** What this process has shown before. */
  readonly shownMs: number;
}

/** Reading everything takes a while. */
const lookMs = 60_000;

export function clockWithin(observation: Observation, clock: ClockFacts): void {
  for (const [name, { nowMs, records }] of observation) {
    const wrong = (what: string): Violation =>
      new Violation("9.4/9", `the clock keeps its bounds; topic ${name}: ${what} (${JSON.stringify(clock)})`);
    if (nowMs < clock.shownMs) throw wrong(`its clock ${nowMs} fell from ${clock.shownMs}`);
    if (nowMs > clock.latestWallMs) throw wrong(`its clock ${nowMs} is ahead of everything that was shown`);
    if (!clock.isSuspect && nowMs < clock.wallMs - lookMs) throw wrong(`its clock ${nowMs} stays behind`);
    const last = records.at(-1);
    if (last !== undefined && last.ts > nowMs)
      throw wrong(`record ${last.seq} was written at ${last.ts}, ahead of ${nowMs}`);
    const disorder = records.findIndex(({ ts }, at) => at > 0 && ts < records[at - 1].ts);
    if (disorder >= 0) throw wrong(`$ts falls at record ${records[disorder].seq}`);
  }
}
