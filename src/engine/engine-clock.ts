/**
 * The engine's clock (spec 1.6): what `$ts`, expiry and commit stamps are made of. Never goes back within a process and
 * never below what was logged. A forward step of more than an hour is reported, and believed once it has stood for 60 s;
 * until then time goes on as the monotonic clock does.
 */
import type { Clock } from "../env/env.ts";

const suspiciousMs = 3_600_000;
const believedAfterMs = 60_000;

export class EngineClock {
  readonly #clock: Clock;
  readonly #jumped: (byMs: number) => void;
  #lastMs: number;
  #lastMonotonicMs: number;
  #lastStamp = 0;
  #suspectSinceMs: number | undefined;

  constructor(clock: Clock, jumped: (byMs: number) => void) {
    this.#clock = clock;
    this.#jumped = jumped;
    this.#lastMs = Math.floor(clock.wallMs());
    this.#lastMonotonicMs = clock.monotonicMs();
  }

  /** ms since the epoch, an integer. */
  nowMs(): number {
    const monotonicMs = this.#clock.monotonicMs();
    const wallMs = Math.floor(this.#clock.wallMs());
    const steadyMs = this.#lastMs + (monotonicMs - this.#lastMonotonicMs);
    if (wallMs - steadyMs <= suspiciousMs) {
      this.#suspectSinceMs = undefined;
      this.#advance(wallMs, monotonicMs);
    } else if (this.#suspectSinceMs === undefined) {
      this.#suspectSinceMs = monotonicMs;
      this.#jumped(wallMs - steadyMs);
      this.#advance(Math.floor(steadyMs), monotonicMs);
    } else if (monotonicMs - this.#suspectSinceMs >= believedAfterMs) {
      this.#suspectSinceMs = undefined;
      this.#advance(wallMs, monotonicMs);
    } else if (Math.floor(steadyMs) > this.#lastMs) {
      this.#advance(Math.floor(steadyMs), monotonicMs);
    }
    return this.#lastMs;
  }

  /** µs since the epoch, strictly increasing over all shards. */
  nextStamp(): number {
    this.#lastStamp = Math.max(this.#lastStamp + 1, this.nowMs() * 1000);
    return this.#lastStamp;
  }

  /** A stamp that was found in the log. */
  observe(stamp: number): void {
    this.#lastStamp = Math.max(this.#lastStamp, stamp);
    const loggedMs = Math.floor(stamp / 1000);
    if (loggedMs > this.#lastMs) this.#lastMs = loggedMs;
  }

  /** The greatest stamp logged or given out, in ms: what a restart would not fall behind. */
  get loggedMs(): number {
    return Math.floor(this.#lastStamp / 1000);
  }

  #advance(toMs: number, monotonicMs: number): void {
    if (toMs > this.#lastMs) this.#lastMs = toMs;
    this.#lastMonotonicMs = monotonicMs;
  }
}
