/**
 * Without faults a server is ready in bounded time, and drains so that the next start cuts nothing and the directory is whole
 * (9.4/11).
 */
import type { EngineEvent } from "../../../src/engine/events.ts";
import type { VerifyReport } from "../../../src/maintenance/verify/verify.ts";
import { brief } from "../observation.ts";
import { Violation } from "../violation.ts";

/** Of virtual time; a directory here is small. */
const longestStartMs = 60_000;

export function startedSoon(tookMs: number): void {
  if (tookMs > longestStartMs) throw new Violation("9.4/11", `a start took ${tookMs} ms`);
}

/** `events`: of the start that follows a clean stop. */
export function drainedWhole(events: readonly EngineEvent[]): void {
  const wrong = events.find(({ type }) => type === "wal-tail-cut" || type === "checkpoint-damaged");
  if (wrong !== undefined) throw new Violation("9.4/11", `the start after a clean stop says ${brief(wrong)}`);
}

/** `readOnly`: the log could not be ended, and may have a torn end. */
export function sound(report: VerifyReport, readOnly: boolean): void {
  const { outcome, reason, files, start } = report;
  if (outcome === "ok" && start.outcome === "starts" && (readOnly || start.cuts.length === 0)) return;
  const bad = files.filter((file) => file.outcome !== "ok");
  throw new Violation(
    "9.4/11",
    `a directory is not sound after a stop: ${outcome} ${reason ?? ""} ${brief({ start, bad })}`,
  );
}
