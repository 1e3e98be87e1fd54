/** The wall clock of a run: it jumps, stops and goes on, and what the oracle has to know of that is kept here. */
import type { ClockFacts } from "../oracle/invariants/94-09-clock.ts";
import type { Observation } from "../oracle/observation.ts";
import type { Scheduler } from "../scheduler.ts";

/** A step forward is believed after a minute; a server looks at its clock twice a second. */
const surelyBelievedMs = 62_000;

const lagMs = 60_000;

export class Clocks {
  /** The wall clock has jumped, some time. */
  hasJumped = false;
  readonly #scheduler: Scheduler;
  #latestWallMs: number;
  #steppedForwardMs = Number.NEGATIVE_INFINITY;
  #shownMs = 0;
  #isFrozen = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.#latestWallMs = scheduler.clock.wallMs();
  }

  jump(byMs: number): void {
    this.hasJumped = true;
    this.#look();
    this.#scheduler.jumpWall(byMs);
    if (byMs > 0) this.#stepped();
    this.#look();
  }

  freeze(): void {
    this.hasJumped = true;
    this.#isFrozen = true;
    this.#scheduler.freezeWall();
  }

  /** All at once it has caught up. */
  thaw(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    this.#scheduler.thawWall();
    this.#stepped();
  }

  /** It has shown later times, by more than a minute. */
  get isBehind(): boolean {
    return this.#latestWallMs - this.#scheduler.clock.wallMs() > lagMs;
  }

  newProcess(): void {
    this.#shownMs = 0;
  }

  get facts(): ClockFacts {
    this.#look();
    const { clock } = this.#scheduler;
    const isSuspect = clock.monotonicMs() - this.#steppedForwardMs < surelyBelievedMs;
    return { wallMs: clock.wallMs(), latestWallMs: this.#latestWallMs, isSuspect, shownMs: this.#shownMs };
  }

  /** What a server has shown it will not go behind. */
  seen(observation: Observation): void {
    for (const { nowMs } of observation.values()) this.#shownMs = Math.max(this.#shownMs, nowMs);
  }

  #stepped(): void {
    this.#steppedForwardMs = this.#scheduler.clock.monotonicMs();
  }

  #look(): void {
    this.#latestWallMs = Math.max(this.#latestWallMs, this.#scheduler.clock.wallMs());
  }
}
