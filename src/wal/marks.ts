/**
 * What a shard does of itself (spec 6.1, 6.2): un-synced bytes are synced, and a shard that has gone idle is marked, both
 * within `diskSyncMs`. A shard with nothing to sync and nothing to mark sets no timer.
 */
import type { TimerHandle, Timers } from "../env/env.ts";

export interface MarksDeps {
  readonly timers: Timers;
  readonly diskSyncMs: number;
  unsynced(): boolean;
  /** The last frame of the file is one that a mark should follow. */
  unmarked(): boolean;
  sync(): void;
  mark(): void;
}

export class Marks {
  readonly #deps: MarksDeps;
  #timer: TimerHandle | undefined;

  constructor(deps: MarksDeps) {
    this.#deps = deps;
  }

  arm(): void {
    if (this.#timer) return;
    const { timers, diskSyncMs } = this.#deps;
    const unsynced = this.#deps.unsynced();
    if (!unsynced && !this.#deps.unmarked()) return;
    this.#timer = timers.after(unsynced ? diskSyncMs : diskSyncMs / 2, () => {
      this.#timer = undefined;
      if (this.#deps.unsynced()) this.#deps.sync();
      else if (this.#deps.unmarked()) this.#deps.mark();
    });
  }

  clear(): void {
    if (this.#timer) this.#deps.timers.clear(this.#timer);
    this.#timer = undefined;
  }
}
