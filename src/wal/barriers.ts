/**
 * Who waits until everything that was submitted by some moment is synced (spec 6.4: a checkpoint's positions). Commits are
 * counted in the order of their submission, which is the order in which they are synced or lost.
 */
import { assert } from "../base/assert.ts";
import { Fifo } from "../base/fifo.ts";

interface Barrier {
  /** Commits submitted before it. */
  readonly upTo: number;
  resolve(synced: boolean): void;
}

export class Barriers {
  readonly #waiting = new Fifo<Barrier>();
  #submitted = 0;
  #settled = 0;
  #over = false;

  submitted(): void {
    this.#submitted++;
  }

  /** The oldest `count` commits are synced. */
  synced(count: number): void {
    this.#settle(count);
    for (let next = this.#waiting.peek(); next && next.upTo <= this.#settled; next = this.#waiting.peek())
      this.#waiting.shift().resolve(true);
  }

  /** Some of the oldest `count` commits never will be synced: whoever waits now may have waited for those. */
  lost(count: number): void {
    this.#settle(count);
    for (const barrier of this.#waiting.drain()) barrier.resolve(false);
  }

  /** Nothing is synced any more. */
  end(): void {
    this.#over = true;
    for (const barrier of this.#waiting.drain()) barrier.resolve(false);
  }

  /** `true` once everything submitted by now is synced; `false` as soon as that can't come about. */
  wait(): Promise<boolean> {
    if (this.#over) return Promise.resolve(false);
    if (this.#settled === this.#submitted) return Promise.resolve(true);
    return new Promise((resolve) => this.#waiting.push({ upTo: this.#submitted, resolve }));
  }

  #settle(count: number): void {
    this.#settled += count;
    assert(this.#settled <= this.#submitted, "a commit is settled once");
  }
}
