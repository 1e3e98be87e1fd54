/**
 * Whose turn it is to forward (spec 3.2): links that have something to do, one short step each, in slices that leave the
 * thread to everybody else in between.
 */
import type { Clock, Timers } from "../env/env.ts";
import type { Link } from "./link.ts";

/** A slice ends after the step in which this has passed. */
const sliceMs = 2;
/** Time may stand still while code runs. */
const stepsPerSlice = 256;

export class LinkTurns {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #timers: Timers;
  /** In the order in which they became due. */
  readonly #due = new Set<Link>();
  #planned = false;
  #stopped = false;

  constructor(clock: Pick<Clock, "monotonicMs">, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  add(link: Link): void {
    this.#due.add(link);
    this.#plan();
  }

  /** Somebody waits for this one: it goes first, at once. */
  urgent(link: Link): void {
    if (this.#stopped) return;
    this.#slice([link]);
  }

  stop(): void {
    this.#stopped = true;
    this.#due.clear();
  }

  #plan(): void {
    if (this.#planned || this.#stopped) return;
    this.#planned = true;
    this.#timers.soon(() => {
      this.#planned = false;
      if (!this.#stopped) this.#slice(this.#due);
    });
  }

  #slice(links: Iterable<Link>): void {
    const untilMs = this.#clock.monotonicMs() + sliceMs;
    let steps = 0;
    // A set gives what is added to it meanwhile, at its end.
    for (const link of links) {
      this.#due.delete(link);
      if (link.step()) this.#due.add(link);
      if (++steps >= stepsPerSlice || this.#clock.monotonicMs() >= untilMs) break;
    }
    if (this.#due.size > 0) this.#plan();
  }
}
