/**
 * Claims and streams that arrive within a queue's window are served in one pass (spec 5), so that its jobs are divided evenly
 * among them. Without a window each is served at once.
 */
import type { TopicsError } from "../base/errors.ts";
import type { TimerHandle, Timers } from "../env/env.ts";
import type { ClaimedJob, Claimer } from "./requests.ts";

interface Waiting {
  readonly claimer: Claimer;
  readonly take: (jobs: ClaimedJob[]) => void;
  readonly fail: (error: unknown) => void;
}

export class Cohort {
  readonly #timers: Timers;
  readonly #windowMs: () => number;
  readonly #serve: (claimers: readonly Claimer[]) => Promise<ClaimedJob[][]>;
  #waiting: Waiting[] = [];
  #timer: TimerHandle | undefined;

  constructor(
    timers: Timers,
    windowMs: () => number,
    serve: (claimers: readonly Claimer[]) => Promise<ClaimedJob[][]>,
  ) {
    this.#timers = timers;
    this.#windowMs = windowMs;
    this.#serve = serve;
  }

  async claim(claimer: Claimer, signal: AbortSignal | undefined): Promise<ClaimedJob[]> {
    if (this.#windowMs() === 0 && this.#timer === undefined) return (await this.#serve([claimer]))[0];
    const [jobs] = await this.join([claimer], signal);
    return jobs;
  }

  /** Resolves to what each of them got when the window closes; with nothing when nobody waits for it any more. */
  join(claimers: readonly Claimer[], signal?: AbortSignal): Promise<ClaimedJob[][]> {
    if (this.#windowMs() === 0 && this.#timer === undefined) return this.#serve(claimers);
    this.#timer ??= this.#timers.after(this.#windowMs(), () => this.#close());
    const got = claimers.map(
      (claimer) =>
        new Promise<ClaimedJob[]>((take, fail) => {
          const waiting = { claimer, take, fail };
          this.#waiting.push(waiting);
          signal?.addEventListener("abort", () => this.#leave(waiting), { once: true });
        }),
    );
    return Promise.all(got);
  }

  end(error: TopicsError): void {
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    this.#timer = undefined;
    for (const { fail } of this.#take()) fail(error);
  }

  #leave(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    waiting.take([]);
  }

  #close(): void {
    this.#timer = undefined;
    const waiting = this.#take();
    this.#serve(waiting.map(({ claimer }) => claimer)).then(
      (shares) => {
        for (const [i, { take }] of waiting.entries()) take(shares[i]);
      },
      (error: unknown) => {
        for (const { fail } of waiting) fail(error);
      },
    );
  }

  #take(): Waiting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}
