/** Whether a disk answers (spec 6.3): told by the reads that are in flight on it, and for a while by the last slow one. */
import type { Clock } from "../env/env.ts";

/** A read that takes longer is slow. */
const slowMs = 250;
/** For so long after it the disk counts as slow. */
const pauseMs = 10_000;

export class DiskPace {
  readonly #clock: Clock;
  readonly #begun = new Set<{ readonly atMs: number }>();
  #slowUntilMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isSlow(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#slowUntilMs) return true;
    // In the order in which they began.
    for (const { atMs } of this.#begun) return nowMs - atMs > slowMs;
    return false;
  }

  /** A read begins; what this gives is called when it is over. */
  begin(): () => void {
    const read = { atMs: this.#clock.monotonicMs() };
    this.#begun.add(read);
    return () => {
      this.#begun.delete(read);
      const nowMs = this.#clock.monotonicMs();
      if (nowMs - read.atMs > slowMs) this.#slowUntilMs = nowMs + pauseMs;
    };
  }
}
