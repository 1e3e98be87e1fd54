/** The member `performance` of success bodies (spec 2.1). */
import type { Clock } from "../env/env.ts";
import type { Call } from "./call.ts";

/** Milliseconds with three decimals. */
export function shownMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** `"performance":{"server_total_ms":…` without its closing brace. */
export function performanceHead(clock: Clock, call: Call): string {
  return `"performance":{"server_total_ms":${shownMs(clock.monotonicMs() - call.startedMs)}`;
}

export function performanceText(clock: Clock, call: Call): string {
  return `${performanceHead(clock, call)}}`;
}
