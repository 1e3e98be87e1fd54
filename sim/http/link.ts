/** One direction of a connection: pieces arrive in order, each after a latency drawn from the seed, until somebody cuts it. */
import type { Scheduler } from "../scheduler.ts";

const shortestUs = 10;
const longestUs = 1000;

export class Link {
  readonly #scheduler: Scheduler;
  readonly #waiting: (() => void)[] = [];
  #busy = false;
  #cut = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Runs `arrive` at the other end, behind everything that was passed before. */
  pass(arrive: () => void): void {
    this.#waiting.push(arrive);
    if (!this.#busy) this.#next();
  }

  /** What is under way is lost. */
  cut(): void {
    this.#cut = true;
    this.#waiting.length = 0;
  }

  #next(): void {
    const arrive = this.#waiting.shift();
    this.#busy = arrive !== undefined;
    if (arrive === undefined) return;
    this.#scheduler.complete(
      () => {
        if (this.#cut) return;
        arrive();
        this.#next();
      },
      shortestUs,
      longestUs,
    );
  }
}
