/** Long work in turns: what else waits for the thread comes in between (spec 6.3: off the commit path, and paced). */
import type { Env } from "../env/env.ts";

/** An `fsync` ack takes little longer than this, and comes in between. */
const turnMs = 0.2;

export class Pace {
  readonly #env: Pick<Env, "clock" | "timers">;
  #since: number;

  constructor(env: Pick<Env, "clock" | "timers">) {
    this.#env = env;
    this.#since = env.clock.monotonicMs();
  }

  /** Whether this turn has been long enough. */
  get isDue(): boolean {
    return this.#env.clock.monotonicMs() - this.#since >= turnMs;
  }

  async pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#env.timers.soon(resolve);
    });
    this.#since = this.#env.clock.monotonicMs();
  }
}
