/**
 * The door through which every call of a simulated process goes: it numbers the mutating ones, plants faults, tells the
 * monitor, delivers completions, and lets a process die at any call. What a dead process has asked for is never answered.
 */
import { assert } from "../../src/base/assert.ts";
import { errnoOf } from "../../src/env/env.ts";
import type { Call, CallName } from "./call.ts";
import { ProcessDied } from "./errno.ts";
import type { FaultEffect } from "./fault.ts";
import type { Injector } from "./injector.ts";
import type { Monitor } from "./monitor.ts";

/** When a call takes effect and when it is answered. Both in this order, each once, or never. */
export interface Completions {
  deliver(call: CallName, perform: () => void, answer: () => void, delayMs: number): void;
}

/** Effects at once, in the order of the calls; answers as soon as the caller awaits. Without virtual time. */
export const atOnce: Completions = {
  deliver: (_, perform, answer, delayMs) => {
    assert(delayMs === 0, "a delayed completion needs a scheduler");
    perform();
    queueMicrotask(answer);
  },
};

/** One run of the code under test on a disk. */
export interface SimulatedProcess {
  alive: boolean;
}

export type CallHook = (call: Call, number: number) => void;

export interface GateDeps {
  readonly completions: Completions;
  readonly injector: Injector;
  readonly monitor: Monitor;
  /** Ends every process on the disk. */
  kill(): void;
}

/** The outcome of a performed call. */
type Outcome<T> = { readonly value: T } | { readonly error: Error };

export class CallGate {
  readonly #deps: GateDeps;
  readonly #hooks: CallHook[] = [];
  #hung: (() => void)[] = [];
  #releases = false;
  #crashAt = Number.POSITIVE_INFINITY;
  #issued = 0;
  #mutations = 0;
  #crashSite: { readonly name: CallName; readonly part: string } | undefined;
  #diedAt: Call | undefined;

  constructor(deps: GateDeps) {
    this.#deps = deps;
  }

  /** Calls made, reading ones included. */
  get issued(): number {
    return this.#issued;
  }

  /** Mutating calls that have taken effect. */
  get mutations(): number {
    return this.#mutations;
  }

  /** The call that a process died instead of making. */
  get diedAt(): Call | undefined {
    return this.#diedAt;
  }

  /** Processes die instead of making mutating call number `number`, counted from 0. */
  crashAt(number: number): void {
    this.#crashAt = number;
    this.#crashSite = undefined;
    this.#diedAt = undefined;
  }

  /** Processes die instead of making the next mutating call of this name on a path that contains `part`. */
  crashAtSite(name: CallName, part: string): void {
    this.#crashSite = { name, part };
  }

  onCall(hook: CallHook): void {
    this.#hooks.push(hook);
  }

  /** Calls that a `hang` holds now take effect and complete. */
  releaseHung(): void {
    const released = this.#hung;
    this.#hung = [];
    for (const go of released) go();
  }

  /** While `work` goes on nothing hangs. */
  async releasing(work: () => Promise<void>): Promise<void> {
    this.releaseHung();
    this.#releases = true;
    try {
      await work();
    } finally {
      this.#releases = false;
    }
  }

  forgetHung(): void {
    this.#hung = [];
  }

  issue<T>(process: SimulatedProcess, call: Call, perform: (fault: FaultEffect | undefined) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      // Of a broken rule whoever made the call hears; all else that a dead process waits for never comes.
      const { alive } = process;
      const told = (): boolean => {
        const broken = alive && !process.alive && this.#deps.monitor.broken;
        if (broken) reject(broken);
        return process.alive;
      };
      const fault = this.#admit(process, call);
      if (!told()) return;
      let outcome: Outcome<T> | undefined;
      const act = (): void => {
        if (process.alive) outcome = attempt(() => perform(fault));
      };
      const answer = (): void => {
        if (outcome === undefined || !process.alive) return;
        this.#answered(process, call, outcome);
        if (!told()) return;
        if ("error" in outcome) reject(outcome.error);
        else resolve(outcome.value);
      };
      const delayMs = fault?.kind === "delay" ? fault.delayMs : 0;
      const go = (): void => {
        this.#deps.completions.deliver(call.name, act, answer, delayMs);
      };
      if (fault?.kind === "hang" && !this.#releases) this.#hung.push(go);
      else go();
    });
  }

  /** A call on the process's own thread: it can neither hang nor be late. */
  issueSync<T>(process: SimulatedProcess, call: Call, perform: (fault: FaultEffect | undefined) => T): T {
    const fault = this.#admit(process, call);
    if (!process.alive) throw new ProcessDied();
    const outcome = attempt(() => perform(fault));
    if (outcome === undefined || !this.#answered(process, call, outcome)) throw new ProcessDied();
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  /** Numbers a mutating call just before it takes effect. */
  mutate(call: Call): number {
    const number = this.#mutations;
    if (number >= this.#crashAt || this.#isSite(call)) {
      this.#diedAt = call;
      this.#deps.kill();
      throw new ProcessDied();
    }
    this.#mutations += 1;
    for (const hook of this.#hooks) hook(call, number);
    return number;
  }

  #isSite({ name, path, to = "" }: Call): boolean {
    const site = this.#crashSite;
    return site?.name === name && (path.includes(site.part) || to.includes(site.part));
  }

  #admit(process: SimulatedProcess, call: Call): FaultEffect | undefined {
    if (!process.alive) return undefined;
    this.#issued += 1;
    if (!this.#deps.monitor.observe({ type: "issued", call })) this.#deps.kill();
    return this.#deps.injector.strike(call);
  }

  /** False when the process is dead by now. */
  #answered<T>(process: SimulatedProcess, call: Call, outcome: Outcome<T>): boolean {
    if (!process.alive) return false;
    const errno = "error" in outcome ? errnoOf(outcome.error) : undefined;
    const event = { type: "answered" as const, call, ...(errno === undefined ? {} : { errno }) };
    if (!this.#deps.monitor.observe(event)) this.#deps.kill();
    return process.alive;
  }
}

function attempt<T>(perform: () => T): Outcome<T> | undefined {
  try {
    return { value: perform() };
  } catch (error) {
    if (error instanceof ProcessDied) return undefined;
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}
