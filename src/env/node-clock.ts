/** Clock, timers and randomness of env.ts on Node. */
import { randomBytes } from "node:crypto";
import { assert } from "../base/assert.ts";
import type { Clock, Random, TimerHandle, Timers } from "./env.ts";

/** Node fires a timer with a longer delay after 1 ms. */
const longestDelayMs = 2 ** 31 - 1;

export class NodeClock implements Clock {
  wallMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }
}

export class NodeTimers implements Timers {
  after(delayMs: number, callback: () => void): TimerHandle {
    assert(delayMs >= 0 && delayMs <= longestDelayMs, `a timer's delay is 0 to ${longestDelayMs} ms, not ${delayMs}`);
    return setTimeout(callback, delayMs).unref();
  }

  clear(timer: TimerHandle): void {
    clearTimeout(timer as NodeJS.Timeout);
  }

  rest(delayMs: number, callback: () => void): void {
    setTimeout(callback, delayMs);
  }

  soon(callback: () => void): void {
    setImmediate(callback);
  }
}

export class NodeRandom implements Random {
  bytes(count: number): Uint8Array {
    return randomBytes(count);
  }
}
