/** Scans of bodies that may be large, with a turn for everybody else in between (spec 9.3). */
import type { Timers } from "../env/env.ts";

/** Bytes scanned before the event loop gets a turn: a few milliseconds even for the slowest input. */
const scanBudgetBytes = 1024 * 1024;

export interface SteppedScan {
  /** True when it is through. */
  step(budgetBytes: number): boolean;
}

/** Resolves when the scan is through; `undefined` when it is already. */
export function inSlices(scan: SteppedScan, timers: Pick<Timers, "soon">): Promise<void> | undefined {
  return scan.step(scanBudgetBytes) ? undefined : goOn(scan, timers);
}

async function goOn(scan: SteppedScan, timers: Pick<Timers, "soon">): Promise<void> {
  do await new Promise<void>((resolve) => timers.soon(resolve));
  while (!scan.step(scanBudgetBytes));
}
