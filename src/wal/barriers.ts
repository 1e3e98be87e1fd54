/**
 * Who waits until everything that was submitted by some moment is synced (spec 6.4: a checkpoint's positions). Commits are
 * counted in the order of their submission, which is the order in which they are synced or lost.
 */
import { assert } from "../base/assert.ts";
import { Fifo } from "../base/fifo.ts";
import type { TimerHandle, Timers } from "../env/env.ts";

interface Barrier {
  /** Commits submitted before it. */
  readonly upTo: number;
  resolve(synced: boolean): void;
}

export interface BarriersDeps {
  readonly timers: Timers;
  /** When the shard will count as hung if nothing comes back; 0 when it does. */
  hangsInMs(): number;
}

export class Barriers {
  readonly #deps: BarriersDeps;
  readonly #waiting = new Fifo<Barrier>();
  #submitted = 0;
  #settled = 0;
  #over = false;
  #timer: TimerHandle | undefined;

  constructor(deps: BarriersDeps) {
    this.#deps = deps;
  }

  submitted(): void {
    this.#submitted++;
  }

  /** The oldest `count` frames are synced. */
  synced(count: number): void {
    this.#settle(count);
    for (let next = this.#waiting.peek(); next && next.upTo <= this.#settled; next = this.#waiting.peek())
      this.#waiting.shift().resolve(true);
    this.#watch();
  }

  /** Some of the oldest `count` frames never will be synced: whoever waits now may have waited for those. */
  lost(count: number): void {
    this.#settle(count);
    this.#refuse();
  }

  /** Nothing is synced any more. */
  end(): void {
    this.#over = true;
    this.#refuse();
  }

  /** `true` once everything submitted by now is synced; `false` as soon as that can't come about, or the shard hangs. */
  wait(): Promise<boolean> {
    if (this.#over) return Promise.resolve(false);
    if (this.#settled === this.#submitted) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#waiting.push({ upTo: this.#submitted, resolve });
      this.#watch();
    });
  }

  #refuse(): void {
    for (const barrier of this.#waiting.drain()) barrier.resolve(false);
    this.#watch();
  }

  /** A timer while somebody waits, for when the call in flight will have taken too long. */
  #watch(): void {
    const { timers } = this.#deps;
    if (this.#waiting.length === 0) {
      if (this.#timer) timers.clear(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#timer ??= timers.after(Math.ceil(this.#deps.hangsInMs()), () => {
      this.#timer = undefined;
      if (this.#deps.hangsInMs() === 0) this.#refuse();
      else this.#watch();
    });
  }

  #settle(count: number): void {
    this.#settled += count;
    assert(this.#settled <= this.#submitted, "a frame is settled once");
  }
}
