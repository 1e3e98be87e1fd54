/**
 * Long work in turns: what else waits for the thread comes in between (spec 6.3: off the commit path, and paced).
 *
 * An ack goes through the event loop several times. With turn after turn it would wait at each of them; so a turn is short,
 * and followed by a rest in which acks find the thread free: each meets one turn at most.
 */
import type { Env } from "../env/env.ts";

/** An `fsync` ack takes no longer. */
const turnMs = 0.1;
/** Several acks long. */
const restMs = 1;

export class Pace {
  readonly #env: Pick<Env, "clock" | "timers">;
  readonly #isUrgent: () => boolean;
  #since: number;

  /** `isUrgent`: somebody waits for this work to be done, so that it does not rest. */
  constructor(env: Pick<Env, "clock" | "timers">, isUrgent: () => boolean = () => true) {
    this.#env = env;
    this.#isUrgent = isUrgent;
    this.#since = env.clock.monotonicMs();
  }

  /** Whether this turn has been long enough. */
  get isDue(): boolean {
    return this.#env.clock.monotonicMs() - this.#since >= turnMs;
  }

  async pause(): Promise<void> {
    const { timers } = this.#env;
    await new Promise<void>((resolve) => {
      if (this.#isUrgent()) timers.soon(resolve);
      else timers.rest(restMs, resolve);
    });
    this.#since = this.#env.clock.monotonicMs();
  }
}
