/**
 * Readers that wait for the head to move (spec 2.7, long poll). A wake-up only says "look again": whoever waits reads anew
 * and waits on if there is nothing, so that none is lost and none is wrong. Costs nothing while nobody waits.
 */
import type { TopicsError } from "../base/errors.ts";
import type { TimerHandle, Timers } from "../env/env.ts";

export class Waiters {
  readonly #timers: Timers;
  #waiting: Set<Waiter> | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  get count(): number {
    return this.#waiting?.size ?? 0;
  }

  /** Resolves at the next wake-up, after `delayMs`, or when the reader has gone; rejects when the topic has. */
  wait(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(this.#timers, signal, resolve, reject, () => this.#waiting?.delete(waiter));
      waiter.start(delayMs);
      (this.#waiting ??= new Set()).add(waiter);
    });
  }

  wake(): void {
    for (const waiter of this.#takeAll()) waiter.wake();
  }

  end(error: TopicsError): void {
    for (const waiter of this.#takeAll()) waiter.end(error);
  }

  #takeAll(): Iterable<Waiter> {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    return waiting;
  }
}

class Waiter {
  readonly #timers: Timers;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: () => void;
  readonly #reject: (error: TopicsError) => void;
  readonly #leave: () => void;
  #timer: TimerHandle | undefined;

  constructor(
    timers: Timers,
    signal: AbortSignal | undefined,
    resolve: () => void,
    reject: (error: TopicsError) => void,
    leave: () => void,
  ) {
    this.#timers = timers;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#leave = leave;
  }

  start(delayMs: number): void {
    this.#timer = this.#timers.after(delayMs, this.#giveUp);
    this.#signal?.addEventListener("abort", this.#giveUp);
  }

  wake(): void {
    this.#free();
    this.#resolve();
  }

  end(error: TopicsError): void {
    this.#free();
    this.#reject(error);
  }

  readonly #giveUp = (): void => {
    this.#leave();
    this.wake();
  };

  #free(): void {
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    this.#timer = undefined;
    this.#signal?.removeEventListener("abort", this.#giveUp);
  }
}
