/** A server on a simulated disk: one process at a time, in virtual time, with an oracle looking on. */
import { defaultStorageConfig, type StorageConfig } from "../../src/engine/storage-config.ts";
import { openEngine, type RunningEngine } from "../../src/engine/engine.ts";
import type { EngineConfig } from "../../src/engine/config.ts";
import type { EngineEvent } from "../../src/engine/events.ts";
import type { RouterState } from "../../src/router/router.ts";
import type { WalConfig } from "../../src/wal/config.ts";
import { type Completions } from "../disk/call-gate.ts";
import type { SimulatedDisk } from "../disk/disk.ts";
import { ProcessDied } from "../disk/errno.ts";
import type { Crash } from "../oracle/crash.ts";
import { type Observation, observe } from "../oracle/observation.ts";
import type { Oracle } from "../oracle/oracle.ts";
import type { ClosingDoor, Door } from "../door.ts";
import { Scheduler } from "../scheduler.ts";
import { SimEnv } from "../sim-env.ts";
import { Client } from "./client.ts";
import { checkOnDevice } from "./on-device.ts";

export interface ServerConfig {
  readonly shards: number;
  readonly wal: WalConfig;
  readonly storage?: StorageConfig;
  /** A start changes a directory that has another number of shards. */
  readonly shardsAsked?: boolean;
  /** `/data` otherwise. */
  readonly directory?: string;
}

/** Files so small that everything happens soon. */
export const smallFiles: WalConfig = { fileBytes: 64 << 10, diskSyncMs: 100, queueBytes: 1 << 20 };
export const defaultServer: ServerConfig = { shards: 2, wal: smallFiles };
const startMs = Date.UTC(2030, 0, 1);
const drainMs = 60_000;
const longestMs = 600_000;

/** The process died while something was awaited. */
export class Died extends Error {
  override readonly name = "Died";
}

export interface MachineParts {
  readonly disk: SimulatedDisk;
  readonly oracle: Oracle;
  readonly config: ServerConfig;
  readonly seed: string;
  /** Wall time at the start. */
  readonly wallMs?: number;
  /** The disk's completions come from it, too. */
  readonly scheduler?: Scheduler;
  /** Hears of every event as it happens. */
  readonly onEvent?: (event: EngineEvent) => void;
  /** Nothing can be said of the device at an ack: syncs lie, or acks take their time on the way. */
  readonly acksProveNothing?: boolean;
  /** The wall clock has jumped. */
  readonly clocksDisagree?: () => boolean;
  /** An append was acked. */
  readonly onAck?: (topic: string) => void;
  /** What clients speak to; without it, the engine itself. */
  readonly doorOf?: (engine: RunningEngine, env: SimEnv) => ClosingDoor;
}

export class Machine {
  readonly disk: SimulatedDisk;
  readonly oracle: Oracle;
  readonly scheduler: Scheduler;
  readonly events: EngineEvent[] = [];
  readonly seed: string;
  readonly #bugs: unknown[] = [];
  #config: ServerConfig;
  #starts = 0;
  #dead = false;
  #engine: RunningEngine | undefined;
  #door: ClosingDoor | undefined;
  #client: Client | undefined;
  readonly #onEvent: ((event: EngineEvent) => void) | undefined;
  readonly #parts: MachineParts;

  constructor(parts: MachineParts) {
    const { disk, oracle, config, seed, wallMs = startMs, scheduler, onEvent } = parts;
    this.#parts = parts;
    this.disk = disk;
    this.oracle = oracle;
    this.#config = config;
    this.scheduler = scheduler ?? new Scheduler({ seed, wallMs });
    this.seed = seed;
    this.#onEvent = onEvent;
    disk.onDeath(() => (this.#dead = true));
  }

  get config(): ServerConfig {
    return this.#config;
  }

  /** From the next start on. */
  reconfigure(config: ServerConfig): void {
    this.#config = config;
  }

  get engine(): RunningEngine {
    if (this.#engine === undefined) throw new Error("the server is not started");
    return this.#engine;
  }

  get door(): Door {
    return this.#door ?? this.engine;
  }

  /** What clients of a server that is not ready yet would speak to. */
  get doorIfAny(): Door | undefined {
    return this.#door ?? this.#engine;
  }

  get client(): Client {
    if (this.#client === undefined) throw new Error("the server is not started");
    return this.#client;
  }

  get nowMs(): number {
    return this.scheduler.clock.wallMs();
  }

  /** It was ready once; `false` again from the beginning of the next start. */
  get hasStarted(): boolean {
    return this.#client !== undefined;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** From nothing to ready. Rejects with `Died`, or with the refusal. */
  async start(): Promise<void> {
    this.#dead = false;
    this.#client = undefined;
    const seed = `${this.seed}/${++this.#starts}`;
    const env = new SimEnv({ disk: this.disk, scheduler: this.scheduler, seed });
    const { shards, wal } = this.config;
    const config: EngineConfig = {
      directory: this.config.directory ?? "/data",
      shards,
      shardsAsked: this.config.shardsAsked ?? false,
      wal,
      storage: this.config.storage ?? { ...defaultStorageConfig, reserveBytes: 64 << 10 },
      maxTopics: 0,
      maxIdempotencyKeys: 100_000,
    };
    const hooks = {
      events: (event: EngineEvent) => this.#hear(event),
      crash: (error: unknown) => this.bug(error),
    };
    this.#engine = await this.until(openEngine(env, config, hooks));
    this.#door = this.#parts.doorOf?.(this.#engine, env);
    await this.until(this.#engine.recover());
    this.#client = new Client(
      {
        door: this.door,
        oracle: this.oracle,
        nowMs: () => this.nowMs,
        checkOnDevice: (topic, data) => {
          if (this.#parts.acksProveNothing !== true && !hasLied(this.disk)) checkOnDevice(this.disk, topic, data);
        },
        acked: (topic) => this.#parts.onAck?.(topic),
        clocksDisagree: () => this.#parts.clocksDisagree?.() ?? false,
        bug: (error) => this.bug(error),
      },
      seed,
    );
  }

  /** Clean stop. */
  async stop(): Promise<void> {
    this.engine.refuseNewWork();
    if (this.#door !== undefined) await this.until(this.#door.close());
    const drained = await this.until(this.engine.close(drainMs));
    if (!drained) throw new Error("the server could not be drained");
  }

  /** The result of `work`, with virtual time going on; `Died` when the process does not live to see it. */
  async until<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    work.then(mark, mark);
    const untilMs = this.scheduler.clock.monotonicMs() + longestMs;
    const end = await this.scheduler.run({ until: () => settled || this.#dead || this.#bugs.length > 0, untilMs });
    this.check();
    if (settled) return work.catch(diedOn);
    if (this.#dead) throw new Died("the process died");
    throw new Error(end === "time" ? "it takes for ever" : "nothing is left to do, and it is not done");
  }

  async pass(ms: number): Promise<void> {
    await this.scheduler.pass(ms);
    this.check();
    if (this.#dead) throw new Died("the process died");
  }

  /** Everything that is there, as a client finds it. */
  observe(): Promise<Observation> {
    return this.until(observe(this.door));
  }

  /** Looks at everything and has the oracle judge it. */
  async judge(crash: Crash): Promise<Observation> {
    const observation = await this.observe();
    if (crash !== "none") this.judgeRouters();
    this.oracle.judge(observation, crash, this.nowMs);
    return observation;
  }

  /** Has the oracle judge which routers a start has found. */
  judgeRouters(): void {
    this.oracle.judgeRouters(this.routers().map(({ router }) => router));
  }

  routers(): readonly RouterState[] {
    const every = { prefix: "", source: undefined, dest: undefined };
    return this.engine.listRouters(every, undefined, 1000).routers;
  }

  /** What a process throws on its way down is of no interest. */
  bug(error: unknown): void {
    if (!(error instanceof ProcessDied)) this.#bugs.push(error);
  }

  /** Throws what nobody may ever see: an internal error, a broken rule of order. */
  check(): void {
    this.disk.checkRules();
    if (this.#bugs.length > 0) throw this.#bugs[0];
  }

  #hear(event: EngineEvent): void {
    this.events.push(event);
    this.#onEvent?.(event);
    if (event.type === "wal-latched" && event.rescued && this.config.shards === 1) this.oracle.settle();
  }
}

/** A call on the dead process's own thread has thrown. */
function diedOn(error: unknown): never {
  throw error instanceof ProcessDied ? new Died("the process died") : error;
}

/**
 * Calls take effect one after another, each when all promises have run dry: what was told before it was told. One that a
 * fault delays comes that much later, and holds up no other.
 */
export function inTurn(scheduler: Scheduler): Completions {
  return {
    deliver: (_, perform, answer, delayMs) => {
      const deliver = (): void => {
        perform();
        answer();
      };
      if (delayMs > 0) scheduler.timers.after(delayMs, deliver);
      else scheduler.timers.soon(deliver);
    },
  };
}

/** A sync has reported what is not so: nobody above can know. */
function hasLied({ injector }: SimulatedDisk): boolean {
  return [...injector.fired()].some(([fault, times]) => times > 0 && fault.includes(":lie"));
}
