/**
 * How busy the process is (spec 4.5), measured by how late it comes to what was due. Under pressure delivery gets later and
 * never wrong: first frames coalesce, then streams of low-priority topics are paced, then writes are refused that do not
 * ask to wait.
 *
 * Levels: `none` → `coalesce` → `pace` → `refuse`, each at a multiple of the one before. One stall is no pressure: two
 * measurements in a row have to agree.
 */
import type { TimerHandle, Timers } from "../env/env.ts";

export type PressureLevel = "none" | "coalesce" | "pace" | "refuse";

/** Of the delay at which writes are refused. */
const coalesceShare = 0.1;
const paceShare = 0.4;
const sampleMs = 200;

export interface PressureDeps {
  readonly clock: { monotonicMs(): number };
  readonly timers: Pick<Timers, "after" | "clear">;
  /** A delay at which writes are refused; 0: never, and nothing is measured. */
  readonly refuseAtMs: number;
}

export class Pressure {
  readonly #deps: PressureDeps;
  #lastMs = 0;
  #delayMs = 0;
  #timer: TimerHandle | undefined;

  constructor(deps: PressureDeps) {
    this.#deps = deps;
  }

  /** Begins to look at how late its own timer is. */
  start(): void {
    const { clock, timers, refuseAtMs } = this.#deps;
    if (refuseAtMs === 0) return;
    const dueMs = clock.monotonicMs() + sampleMs;
    this.#timer = timers.after(sampleMs, () => {
      this.observe(clock.monotonicMs() - dueMs);
      this.start();
    });
  }

  stop(): void {
    if (this.#timer !== undefined) this.#deps.timers.clear(this.#timer);
    this.#timer = undefined;
  }

  /** So late it was this time. */
  observe(delayMs: number): void {
    this.#delayMs = Math.min(this.#lastMs, delayMs);
    this.#lastMs = delayMs;
  }

  get delayMs(): number {
    return this.#delayMs;
  }

  get level(): PressureLevel {
    const { refuseAtMs } = this.#deps;
    if (refuseAtMs === 0) return "none";
    const { delayMs } = this;
    if (delayMs >= refuseAtMs) return "refuse";
    if (delayMs >= refuseAtMs * paceShare) return "pace";
    return delayMs >= refuseAtMs * coalesceShare ? "coalesce" : "none";
  }
}
