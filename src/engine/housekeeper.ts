/**
 * What has to happen although nobody asks (spec 1.6): within a second of an expiry that no logged clock value covers, one
 * is logged, so that no clock that steps back can revive what readers were spared. Nothing expires: nothing is written.
 */
import type { TimerHandle, Timers } from "../env/env.ts";
import type { Topic } from "../topic/topic.ts";
import type { Wal } from "../wal/wal.ts";
import type { EngineClock } from "./engine-clock.ts";
import { turns } from "./turns.ts";

const tickMs = 500;
const topicsPerPiece = 4096;

export class Housekeeper {
  readonly #timers: Timers;
  readonly #clock: EngineClock;
  readonly #wal: Wal;
  readonly #topics: () => Iterable<Topic>;
  readonly #tend: () => void;
  #timer: TimerHandle | undefined;
  #ticking: Promise<void> | undefined;
  #logging = false;
  #stopped = false;

  /** `tend` is called at every tick: whoever else has work of that kind. */
  constructor(timers: Timers, clock: EngineClock, wal: Wal, topics: () => Iterable<Topic>, tend: () => void) {
    this.#timers = timers;
    this.#clock = clock;
    this.#wal = wal;
    this.#topics = topics;
    this.#tend = tend;
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer) this.#timers.clear(this.#timer);
  }

  #arm(): void {
    this.#timer = this.#timers.after(tickMs, () => {
      if (this.#ticking === undefined) this.#ticking = this.#tick().finally(() => (this.#ticking = undefined));
      this.#tend();
      if (!this.#stopped) this.#arm();
    });
  }

  async #tick(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const turn = turns(this.#timers, topicsPerPiece);
    let unlogged = false;
    for (const topic of this.#topics()) {
      if (topic.expiredUnlogged(nowMs)) unlogged = true;
      topic.dropExpiredKeys(nowMs);
      const others = turn();
      if (others !== undefined) await others;
      if (this.#stopped) return;
    }
    if (unlogged && !this.#logging) this.#log();
  }

  #log(): void {
    const shard = this.#wal.shards.find((one) => !one.latched);
    const stamp = this.#clock.nextStamp();
    this.#logging = true;
    const logged = shard?.logTime(stamp) ?? Promise.resolve(false);
    void logged.then((done) => {
      this.#logging = false;
      if (!done) return;
      for (const topic of this.#topics()) topic.expireLogged(Math.floor(stamp / 1000));
    });
  }
}
