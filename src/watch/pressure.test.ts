/** Pressure, and what it does to delivery and to writes (spec 4.5). */
import assert from "node:assert/strict";
import type { TimerHandle } from "../env/env.ts";
import { defaultConfig } from "../topic/config.ts";
import { Pressure } from "./pressure.ts";
import { effectivePriority } from "./priority.ts";

class ManualTimers {
  nowMs = 0;
  #pending: { atMs: number; callback: () => void }[] = [];

  monotonicMs(): number {
    return this.nowMs;
  }

  after(delayMs: number, callback: () => void): TimerHandle {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.#pending.push(timer);
    return timer;
  }

  clear(timer: TimerHandle): void {
    this.#pending = this.#pending.filter((one) => one !== timer);
  }

  /** The process does nothing for so long, and then what is due. */
  stall(ms: number): void {
    this.nowMs += ms;
    const due = this.#pending.filter(({ atMs }) => atMs <= this.nowMs);
    this.#pending = this.#pending.filter(({ atMs }) => atMs > this.nowMs);
    for (const { callback } of due) callback();
  }

  get count(): number {
    return this.#pending.length;
  }
}

describe("pressure", () => {
  const started = (refuseAtMs: number): [Pressure, ManualTimers] => {
    const timers = new ManualTimers();
    const pressure = new Pressure({ clock: timers, timers, refuseAtMs });
    pressure.start();
    return [pressure, timers];
  };

  it("rises by levels with the delay, and falls when it is gone", () => {
    const [pressure, timers] = started(1000);
    const after = (delayMs: number): string => {
      timers.stall(200 + delayMs);
      timers.stall(200 + delayMs);
      return pressure.level;
    };
    assert.equal(after(0), "none");
    assert.equal(after(99), "none");
    assert.equal(after(100), "coalesce");
    assert.equal(after(400), "pace");
    assert.equal(after(1000), "refuse");
    assert.equal(after(0), "none");
  });

  it("is not one stall", () => {
    const [pressure, timers] = started(1000);
    timers.stall(10_000);
    assert.equal(pressure.level, "none");
    timers.stall(200);
    assert.equal(pressure.level, "none");
  });

  it("is not measured where it is switched off, or over", () => {
    assert.equal(started(0)[1].count, 0);
    const [pressure, timers] = started(1000);
    pressure.stop();
    assert.equal(timers.count, 0);
  });
});

describe("the priority of a topic", () => {
  const of = (config: object, idleMs?: number, waitingMs?: number): number =>
    effectivePriority({ ...defaultConfig, ...config }, idleMs, waitingMs);

  it("is what the contract computes", () => {
    assert.equal(of({}), 0);
    assert.equal(of({}, 0), 500);
    assert.equal(of({}, 30_000), 250);
    assert.equal(of({}, 300_000), 0);
    assert.equal(of({ autoPriority: false }, 0), 0);
    assert.equal(of({ priority: 5 }, 0), 5);
    assert.equal(of({ priority: 5000 }), 1000);
    assert.equal(of({ priority: -5000 }), -1000);
    assert.equal(of({ priority: 1 }, 0, 2500), 251);
    assert.equal(of({ priority: 0 }, 0, 60_000), 1000);
  });
});
