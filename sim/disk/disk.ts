/**
 * A disk whose every crash can be tried (spec 8.1, 9.1). What processes see and what the device has are two states with a
 * log of pending operations in between. `kill` ends the processes and keeps the cache; `powerLoss` gives another disk
 * that holds what a survival lets through, and leaves this one as it is.
 */
import { createHash } from "node:crypto";
import { assert } from "../../src/base/assert.ts";
import type { Fs } from "../../src/env/env.ts";
import { Prng } from "../prng.ts";
import type { CallHook, Completions, SimulatedProcess } from "./call-gate.ts";
import { CallGate, atOnce } from "./call-gate.ts";
import { copyOfState, crashImage } from "./crash-image.ts";
import { DiskState } from "./disk-state.ts";
import type { Fault } from "./fault.ts";
import { Injector } from "./injector.ts";
import { Monitor } from "./monitor.ts";
import type { FileNode } from "./node.ts";
import type { PendingOperation } from "./pending.ts";
import { findPlace } from "./place.ts";
import type { RuleFactory } from "./rule.ts";
import { SimulatedFs } from "./simulated-fs.ts";
import { StateView, walk } from "./state-view.ts";
import { storageRules } from "./storage-rules.ts";
import type { Survival } from "./survival.ts";
import { parseSurvival, printSurvival } from "./survival.ts";

export interface DiskOptions {
  readonly seed?: number | string;
  /** Directories that are there, durably, from the start; parents first. */
  readonly directories?: readonly string[];
  readonly completions?: Completions;
  readonly faults?: readonly (Fault | string)[];
  readonly rules?: readonly RuleFactory[];
  /** Space for data; without it there is no limit. */
  readonly freeBytes?: number;
}

/** How a run ended: with the death of its process, or with a result. */
export type Ended<T> = { readonly died: true } | { readonly died: false; readonly value: T };

interface Past {
  readonly state: DiskState;
  readonly boot: number;
}

export class SimulatedDisk {
  readonly gate: CallGate;
  readonly injector = new Injector();
  readonly monitor: Monitor;
  readonly state: DiskState;
  readonly #options: DiskOptions;
  readonly #boot: number;
  readonly #prng: Prng;
  readonly #deathHooks = new Set<() => void>();
  #processes: SimulatedProcess[] = [];
  #started = 0;

  /** `past` is for the disk's own use: what it starts with after a crash. */
  constructor(options: DiskOptions = {}, past: Past = { state: new DiskState(), boot: 1 }) {
    this.#options = options;
    this.#prng = new Prng(options.seed ?? 0).fork("disk");
    this.state = past.state;
    this.#boot = past.boot;
    this.monitor = new Monitor(options.rules ?? storageRules, new StateView(this.state));
    const kill = (): void => {
      this.kill();
    };
    const { injector, monitor } = this;
    this.gate = new CallGate({ completions: options.completions ?? atOnce, injector, monitor, kill });
    injector.plant(...(options.faults ?? []));
    for (const path of options.directories ?? []) this.#addDurably(path);
    if (options.freeBytes !== undefined) this.state.setFreeBytes(options.freeBytes);
  }

  /** Changes with a power loss and with nothing else. */
  get bootId(): string {
    return `boot-${this.#boot}`;
  }

  /** What a power loss now would choose from. */
  get pending(): readonly PendingOperation[] {
    return this.state.pending;
  }

  /** Starts a process. */
  fs(): Fs {
    const process = { alive: true };
    this.#processes.push(process);
    this.#started += 1;
    const { state, gate } = this;
    return new SimulatedFs({ state, gate, process }, this.#prng.fork(`process ${this.#started}`));
  }

  /** Processes die instead of making mutating call number `number`, counted from 0 over the disk's life. */
  crashAt(number: number): void {
    this.gate.crashAt(number);
  }

  onCall(hook: CallHook): void {
    this.gate.onCall(hook);
  }

  /** Called at every `kill`, whoever caused it, until the function returned is called. */
  onDeath(hook: () => void): () => void {
    this.#deathHooks.add(hook);
    return () => this.#deathHooks.delete(hook);
  }

  /**
   * Runs `work` to its end or to the death of its process, whichever comes first: what a dead process awaits never
   * settles. Throws when a rule was broken.
   */
  async run<T>(work: () => Promise<T>): Promise<Ended<T>> {
    let died = false;
    let forget = (): void => undefined;
    const death = new Promise<Ended<T>>((resolve) => {
      forget = this.onDeath(() => {
        died = true;
        resolve({ died });
      });
    });
    try {
      return await Promise.race([work().then((value) => ({ died: false as const, value })), death]);
    } catch (error) {
      // What the process threw on its way down is of no interest.
      if (died) return { died };
      throw error;
    } finally {
      forget();
      this.checkRules();
    }
  }

  /** Ends every process: what they wrote stays in the cache, un-synced where it was. */
  kill(): void {
    for (const process of this.#processes) process.alive = false;
    this.#processes = [];
    this.gate.forgetHung();
    this.monitor.processesDied();
    for (const node of this.state.nodes.values()) {
      if (node.kind === "directory") continue;
      const wasOpen = node.handles > 0;
      node.handles = 0;
      node.lockedBy = undefined;
      node.sharedBy.clear();
      if (wasOpen) this.state.released(node);
    }
    this.state.prune();
    for (const hook of this.#deathHooks) hook();
  }

  /** The disk after the next boot. Options not given are this disk's, but for its faults, which end with it. */
  powerLoss(survival: Survival | string, options: DiskOptions = {}): SimulatedDisk {
    const chosen = typeof survival === "string" ? parseSurvival(survival) : survival;
    const seed = `${this.#prng.seed}/${printSurvival(chosen)}`;
    return new SimulatedDisk(this.#successorOptions(seed, options), {
      state: crashImage(this.state, chosen),
      boot: this.#boot + 1,
    });
  }

  /** The same machine, cache and pending operations included, with no process on it. */
  clone(options: DiskOptions = {}): SimulatedDisk {
    const seed = `${this.#prng.seed}/clone`;
    return new SimulatedDisk(this.#successorOptions(seed, options), {
      state: copyOfState(this.state),
      boot: this.#boot,
    });
  }

  /** From now on this much can still be written; data that is there stays. */
  setFreeBytes(freeBytes: number): void {
    this.state.setFreeBytes(freeBytes);
  }

  /** Throws what the monitor has found. */
  checkRules(): void {
    if (this.monitor.broken !== undefined) throw this.monitor.broken;
  }

  /** The file's bytes as processes see them. */
  contents(path: string): Uint8Array {
    const file = this.#file(path);
    return file.cache.bytes(0, file.cache.size).slice();
  }

  /**
   * Changes a file behind everybody's back, on the device and in the cache (damage.ts has what to change). `undefined`
   * removes it.
   */
  damage(path: string, change: (bytes: Uint8Array) => Uint8Array | undefined): void {
    const { parent, name } = findPlace(this.state, path, "damage");
    const changed = change(this.contents(path));
    if (changed === undefined) {
      parent.durable.delete(name);
      this.state.unlink(parent, name, 0);
      this.state.syncDirectory(parent, this.state.latestOrder);
      return;
    }
    const file = this.#file(path);
    const content = this.state.durableForChange(file);
    content.resize(changed.byteLength);
    content.write(changed, 0);
    file.cache = content.freeze();
  }

  /** Puts a file there, durably: one that comes back, or that never belonged there. */
  add(path: string, bytes: Uint8Array): void {
    const { parent, name, node } = findPlace(this.state, path, "open");
    assert(node === undefined, `${path} is there already`);
    this.state.createFile(parent, name, 0);
    this.state.syncDirectory(parent, this.state.latestOrder);
    this.damage(path, () => bytes.slice());
  }

  /** Paths of all files, sorted, as processes see them. */
  files(): string[] {
    return [...walk(this.state, "cache")].flatMap(([path, content]) => (content === undefined ? [] : [path]));
  }

  /** The number by which pending operations know a file. */
  nodeOf(path: string): number {
    return this.#file(path).id;
  }

  hashOf(path: string): string {
    return createHash("sha256").update(this.contents(path)).digest("hex");
  }

  /** Over names and contents: equal hashes, equal images. */
  hash(side: "cache" | "durable" = "cache"): string {
    const hash = createHash("sha256");
    for (const [path, content] of walk(this.state, side)) hash.update(`${path}\0${content?.digest() ?? "directory"}\0`);
    return hash.digest("hex");
  }

  #file(path: string): FileNode {
    const { node } = findPlace(this.state, path, "read");
    assert(node?.kind === "file", `no file at ${path}`);
    return node;
  }

  #addDurably(path: string): void {
    const { parent, name, node } = findPlace(this.state, path, "mkdir");
    assert(node === undefined, `${path} is there already`);
    this.state.createDirectory(parent, name, 0);
    this.state.syncDirectory(parent, this.state.latestOrder);
  }

  #successorOptions(seed: string, options: DiskOptions): DiskOptions {
    const { completions, rules } = this.#options;
    return {
      seed,
      ...(completions === undefined ? {} : { completions }),
      ...(rules === undefined ? {} : { rules }),
      ...options,
    };
  }
}
