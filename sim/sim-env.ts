/**
 * One simulated process as the engine sees it: `Env` on a simulated disk and a scheduler (spec 8.2). It dies with any
 * `kill` of its disk; from then on none of its timers fires and none of its calls completes. For the next start make
 * another one.
 */
import type { Clock, Env, Fs, Machine, Random, Timers } from "../src/env/env.ts";
import type { SimulatedDisk } from "./disk/disk.ts";
import { ProcessDied } from "./disk/errno.ts";
import { Prng } from "./prng.ts";
import type { Scheduler } from "./scheduler.ts";

export interface SimEnvOptions {
  readonly disk: SimulatedDisk;
  readonly scheduler: Scheduler;
  /** For identifiers and tokens. */
  readonly seed: number | string;
  readonly cpus?: number;
  readonly pid?: number;
}

export class SimEnv implements Env {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly machine: Machine;
  #alive = true;

  constructor({ disk, scheduler, seed, cpus = 2, pid = 1000 }: SimEnvOptions) {
    this.fs = disk.fs();
    this.clock = scheduler.clock;
    const prng = new Prng(seed).fork("random");
    this.random = { bytes: (count) => prng.bytes(count) };
    this.machine = { cpus, pid, bootId: disk.bootId };
    disk.onDeath(() => {
      this.#alive = false;
    });
    const whileAlive = (callback: () => void) => (): void => {
      try {
        if (this.#alive) callback();
      } catch (error) {
        // It died within the callback, at a call on its own thread.
        if (!(error instanceof ProcessDied)) throw error;
      }
    };
    const { timers } = scheduler;
    this.timers = {
      after: (delayMs, callback) => timers.after(delayMs, whileAlive(callback)),
      clear: (timer) => {
        timers.clear(timer);
      },
      rest: (delayMs, callback) => {
        timers.rest(delayMs, whileAlive(callback));
      },
      soon: (callback) => {
        timers.soon(whileAlive(callback));
      },
    };
  }

  /** False once the disk has been killed under it. */
  get alive(): boolean {
    return this.#alive;
  }
}
