/** The machine as Node gives it, but for the timers of the given delays: a test says when they fire, and how late. */
import type { Env, TimerHandle } from "../../env/env.ts";
import { nodeEnv } from "../../env/node-env.ts";

interface Held {
  readonly delayMs: number;
  readonly callback: () => void;
}

export class LateEnv {
  readonly env: Env;
  #skippedMs = 0;
  readonly #held = new Set<Held>();

  constructor(delaysMs: readonly number[]) {
    const env = nodeEnv();
    const { timers, clock } = env;
    this.env = {
      ...env,
      clock: { wallMs: () => clock.wallMs(), monotonicMs: () => clock.monotonicMs() + this.#skippedMs },
      timers: {
        soon: (callback) => timers.soon(callback),
        rest: (delayMs, callback) => timers.rest(delayMs, callback),
        after: (delayMs, callback): TimerHandle => {
          if (!delaysMs.includes(delayMs)) return timers.after(delayMs, callback);
          const held = { delayMs, callback };
          this.#held.add(held);
          return held;
        },
        clear: (timer) => {
          if (!this.#held.delete(timer as Held)) timers.clear(timer);
        },
      },
    };
  }

  /** The monotonic clock goes on by itself, and by this. */
  skip(ms: number): void {
    this.#skippedMs += ms;
  }

  /** Timers of this delay that wait. */
  held(delayMs: number): number {
    return [...this.#held].filter((held) => held.delayMs === delayMs).length;
  }

  /** What has been waiting for so long. */
  fire(delayMs: number): void {
    for (const held of [...this.#held]) if (held.delayMs === delayMs && this.#held.delete(held)) held.callback();
  }

  /** Two looks in a row come so late. */
  late(sampleMs: number, lateMs: number): void {
    for (let look = 0; look < 2; look++) {
      this.skip(sampleMs + lateMs);
      this.fire(sampleMs);
    }
  }
}
