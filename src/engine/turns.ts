/**
 * Long loops in short pieces: what goes over a hundred thousand topics lets everything else have its turn in between, so
 * that no request waits for all of them.
 */
import type { Timers } from "../env/env.ts";

/** To be called once for each step; gives something to await at the end of a piece. */
export function turns(timers: Timers, stepsPerPiece: number): () => Promise<void> | undefined {
  let steps = 0;
  return () => {
    if (++steps % stepsPerPiece !== 0) return undefined;
    return new Promise((resolve) => timers.soon(resolve));
  };
}
