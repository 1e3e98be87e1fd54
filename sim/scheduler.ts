/**
 * Virtual time and the order of events (spec 8.2). Everything that happens to the code under test later than its own
 * call (completions of the disk, timers, `soon`) waits here and is delivered one at a time, earliest first; between two
 * deliveries all promises run dry. Latencies are drawn from the seed, so completions overtake each other.
 *
 * Time moves only while nothing is runnable, and exactly to the next event: same seed, same order, on any machine.
 */
import { assert } from "../src/base/assert.ts";
import type { Clock, TimerHandle, Timers } from "../src/env/env.ts";
import { EventHeap } from "./event-heap.ts";
import type { ScheduledEvent } from "./event-heap.ts";
import { Prng } from "./prng.ts";

export interface SchedulerOptions {
  readonly seed: number | string;
  /** Wall time at the start; by default a fixed moment. */
  readonly wallMs?: number;
}

export interface RunOptions {
  /** Looked at after every delivery. */
  readonly until?: () => boolean;
  /** Monotonic time behind which nothing is delivered any more. */
  readonly untilMs?: number;
}

/** Why a run ended: the predicate held, nothing was left to do, or the time was up. */
export type RunEnd = "until" | "idle" | "time";

const defaultWallMs = Date.UTC(2030, 0, 1);

/** Real turns of the event loop given to code that waits for something outside virtual time (a WASM module). */
const patienceTurns = 5000;

export class Scheduler {
  readonly clock: Clock = { wallMs: () => this.#wall(), monotonicMs: () => this.#nowUs / 1000 };
  readonly timers: Timers = {
    after: (delayMs, callback) => this.#after(delayMs, callback),
    clear: (timer) => {
      this.#heap.cancel(timer as ScheduledEvent);
    },
    rest: (delayMs, callback) => {
      this.#after(delayMs, callback);
    },
    soon: (callback) => {
      this.#heap.push(this.#nowUs, callback);
    },
  };
  readonly #heap = new EventHeap();
  readonly #prng: Prng;
  /** Microseconds, always an integer: sums stay exact. */
  #nowUs = 0;
  #wallOffsetMs: number;
  #frozenWallMs: number | undefined;
  #delivered = 0;
  #running = false;

  constructor(options: SchedulerOptions) {
    this.#prng = new Prng(options.seed).fork("scheduler");
    this.#wallOffsetMs = options.wallMs ?? defaultWallMs;
  }

  /** Events delivered so far. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Runs `callback` after `delayMs` and a latency drawn between the two bounds, each power of two as likely as the next. */
  complete(callback: () => void, shortestUs: number, longestUs: number, delayMs = 0): void {
    let latencyUs = shortestUs;
    while (latencyUs * 2 <= longestUs && this.#prng.chance(60)) latencyUs *= 2;
    latencyUs += this.#prng.below(latencyUs + 1);
    this.#heap.push(this.#nowUs + Math.round(delayMs * 1000) + Math.min(latencyUs, longestUs), callback);
  }

  /** The wall clock jumps, either way; monotonic time doesn't. */
  jumpWall(deltaMs: number): void {
    this.#wallOffsetMs += deltaMs;
    if (this.#frozenWallMs !== undefined) this.#frozenWallMs += deltaMs;
  }

  /** The event loop stands still: time goes by, and nothing is delivered meanwhile. */
  stall(ms: number): void {
    this.#nowUs += Math.round(ms * 1000);
  }

  freezeWall(): void {
    this.#frozenWallMs = this.#wall();
  }

  thawWall(): void {
    this.#frozenWallMs = undefined;
  }

  /** Delivers events until the predicate holds, nothing is left, or the next event lies behind `untilMs`. */
  async run(options: RunOptions = {}): Promise<RunEnd> {
    assert(!this.#running, "a scheduler runs once at a time");
    this.#running = true;
    try {
      const untilUs = options.untilMs === undefined ? Number.POSITIVE_INFINITY : Math.round(options.untilMs * 1000);
      for (;;) {
        await promisesRunDry();
        if (options.until?.() === true) return "until";
        const next = this.#heap.peekUs();
        if (next === undefined) return "idle";
        if (next > untilUs) {
          this.#nowUs = Math.max(this.#nowUs, untilUs);
          return "time";
        }
        const event = this.#heap.pop();
        this.#nowUs = Math.max(this.#nowUs, event.dueUs);
        this.#delivered += 1;
        event.callback();
      }
    } finally {
      this.#running = false;
    }
  }

  /** Delivers whatever comes up until `wanted` says no: for tests that know nothing of virtual time. */
  async runWhile(wanted: () => boolean): Promise<void> {
    while (wanted()) {
      await this.run({ until: () => !wanted() });
    }
  }

  /** Lets `delayMs` pass. */
  async pass(delayMs: number): Promise<void> {
    const untilUs = this.#nowUs + Math.round(delayMs * 1000);
    await this.run({ untilMs: untilUs / 1000 });
    this.#nowUs = Math.max(this.#nowUs, untilUs);
  }

  /**
   * Delivers events until `promise` has settled and gives its result. Throws when nothing is left that could settle it,
   * or when it takes more than `limitMs` of virtual time (an idle engine's periodic timers never run out).
   */
  async settle<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    const untilMs = this.#nowUs / 1000 + limitMs;
    for (let turn = 0; turn < patienceTurns; turn++) {
      const end = await this.run({ until: () => settled, untilMs });
      if (end === "until") return promise;
      if (end === "time") throw new Error(`a promise did not settle within ${limitMs} ms of virtual time`);
    }
    throw new Error("nothing is left to do, and a promise has not settled");
  }

  #after(delayMs: number, callback: () => void): TimerHandle {
    assert(delayMs >= 0 && delayMs <= 2 ** 31 - 1, `a timer's delay is 0 to 2147483647 ms, not ${delayMs}`);
    // Node's shortest delay is 1 ms.
    return this.#heap.push(this.#nowUs + Math.max(1000, Math.round(delayMs * 1000)), callback);
  }

  #wall(): number {
    return this.#frozenWallMs ?? Math.floor(this.#nowUs / 1000) + this.#wallOffsetMs;
  }
}

/** A real turn of the event loop: it begins only when no promise callback is left, however long their chains are. */
export function promisesRunDry(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
