/**
 * Where a fault case plays (spec 8.4): a server on a simulated disk in virtual time, a client whose every call and answer an
 * oracle hears, and the faults. What happens is told line by line, for whoever runs one case by name.
 */
import assert from "node:assert/strict";
import { TopicsError } from "../src/base/errors.ts";
import { defaultStorageConfig, type StorageConfig } from "../src/engine/storage-config.ts";
import { openEngine } from "../src/engine/engine.ts";
import type { EngineEvent } from "../src/engine/events.ts";
import type { WalConfig } from "../src/wal/config.ts";
import type { AppendOptions, Answer, Client } from "../sim/crash-matrix/client.ts";
import { Died, inTurn, Machine, smallFiles } from "../sim/crash-matrix/machine.ts";
import { atOnce } from "../sim/disk/call-gate.ts";
import { type CallName, describeCall } from "../sim/disk/call.ts";
import { SimulatedDisk } from "../sim/disk/disk.ts";
import type { Crash } from "../sim/oracle/crash.ts";
import { type Observation, observeTopic } from "../sim/oracle/observation.ts";
import { Oracle } from "../sim/oracle/oracle.ts";
import { Scheduler } from "../sim/scheduler.ts";
import { SimEnv } from "../sim/sim-env.ts";
import { type Contents, contentsOf } from "./topic-text.ts";

export interface SceneSetup {
  /** 1 unless given. */
  readonly shards?: number;
  readonly wal?: Partial<WalConfig>;
  readonly storage?: Partial<StorageConfig>;
  /** Beside `/data`. */
  readonly directories?: readonly string[];
}

/** What was done to a file at rest. */
export interface Damaged {
  readonly path: string;
  /** Where in the file, if it is about a place. */
  readonly at: number | undefined;
}

const startMs = Date.UTC(2030, 0, 1);
const stepMs = 100;
const longestWaitMs = 60_000;

export class Scene {
  readonly name: string;
  readonly damages: Damaged[] = [];
  /** Faults as printed, and how often each has fired so far. */
  readonly struck = new Map<string, number>();
  readonly #setup: SceneSetup;
  readonly #beside = new Set<string>();
  readonly #tell: (line: string) => void;
  #machine: Machine;
  #undamaged: SimulatedDisk | undefined;
  #made = 0;

  constructor(name: string, setup: SceneSetup = {}, tell: (line: string) => void = () => undefined) {
    this.name = name;
    this.#setup = setup;
    this.#tell = tell;
    const scheduler = new Scheduler({ seed: name, wallMs: startMs });
    const directories = ["/data", ...(setup.directories ?? [])];
    const disk = new SimulatedDisk({ seed: name, directories, completions: inTurn(scheduler) });
    this.#machine = this.#machineOn(disk, new Oracle(), scheduler);
  }

  get machine(): Machine {
    return this.#machine;
  }

  get disk(): SimulatedDisk {
    return this.#machine.disk;
  }

  get coldDirectory(): string | undefined {
    return this.#setup.storage?.coldDirectory;
  }

  get client(): Client {
    return this.#machine.client;
  }

  get events(): readonly EngineEvent[] {
    return this.#machine.events;
  }

  /** Another one, set up alike. */
  fork(name: string): Scene {
    return new Scene(name, this.#setup);
  }

  tell(line: string): void {
    this.#tell(line);
  }

  // --- faults ------------------------------------------------------------------------------------------------------

  inject(...faults: readonly string[]): void {
    for (const fault of faults) this.tell(`planted ${fault}`);
    this.disk.injector.plant(...faults);
  }

  /** Faults of which not every one need fire: those that come with another. */
  injectBeside(...faults: readonly string[]): void {
    for (const fault of faults) this.#beside.add(fault);
    this.inject(...faults);
  }

  /** Something other than a planted fault has struck: the power is gone, the clock has jumped. */
  strike(what: string): void {
    this.tell(what);
    this.struck.set(what, (this.struck.get(what) ?? 0) + 1);
  }

  /** Changes a file at rest; `undefined` removes it. */
  damage(path: string, what: string, change: (bytes: Uint8Array) => Uint8Array | undefined, at?: number): void {
    this.#undamaged ??= this.disk.clone();
    this.disk.damage(path, change);
    this.damages.push({ path, at });
    this.strike(`${path}: ${what}`);
  }

  /** A file that was not there. */
  add(path: string, what: string, bytes: Uint8Array): void {
    this.#undamaged ??= this.disk.clone();
    this.disk.add(path, bytes);
    this.damages.push({ path, at: undefined });
    this.strike(`${path}: ${what}`);
  }

  /** A server on the disk as it was before the first damage. */
  async undamaged(): Promise<Machine> {
    assert.ok(this.#undamaged, "something was damaged");
    const machine = this.#machineOn(this.#undamaged.clone({ completions: atOnce }), new Oracle());
    await machine.start();
    return machine;
  }

  /** The disk as it was before the first damage. */
  undoDamage(): void {
    assert.ok(this.#undamaged, "something was damaged");
    this.disk.kill();
    const scheduler = new Scheduler({ seed: `${this.name}/${++this.#made}`, wallMs: this.machine.nowMs });
    const disk = this.#undamaged.clone({ completions: inTurn(scheduler) });
    this.#machine = this.#machineOn(disk, this.machine.oracle, scheduler);
    this.tell("the damage is undone");
  }

  freeBytes(bytes: number): void {
    this.strike(`the disk has ${bytes} bytes left`);
    this.disk.setFreeBytes(bytes);
  }

  /** The disk works again: what hangs goes on, and there is room. */
  lift(): void {
    this.noteFired();
    this.disk.injector.clear();
    this.disk.gate.releaseHung();
    this.disk.setFreeBytes(1 << 30);
    this.disk.crashAt(Number.POSITIVE_INFINITY);
    this.tell("the fault is lifted");
  }

  noteFired(): void {
    for (const [fault, times] of this.disk.injector.fired())
      if (times > 0 || !this.#beside.has(fault)) this.struck.set(fault, times);
  }

  // --- processes ---------------------------------------------------------------------------------------------------

  async start(): Promise<void> {
    await this.machine.start();
    this.tell("started");
  }

  /** Started, and judged by what went before. */
  async startAfter(crash: Crash): Promise<void> {
    await this.start();
    await this.machine.judge(crash);
  }

  kill(): void {
    this.disk.kill();
    this.tell("killed");
  }

  async restart(crash: Crash = "kill"): Promise<void> {
    this.kill();
    await this.startAfter(crash);
  }

  async stop(): Promise<void> {
    await this.machine.stop();
    this.disk.kill();
    this.tell("stopped in order");
  }

  /** The machine goes off and on again; nothing runs on it yet. */
  powerLoss(survival: string): void {
    this.noteFired();
    const { oracle } = this.machine;
    const scheduler = new Scheduler({ seed: `${this.name}/${++this.#made}`, wallMs: this.machine.nowMs });
    this.disk.kill();
    const disk = this.disk.powerLoss(survival, { completions: inTurn(scheduler) });
    this.#machine = this.#machineOn(disk, oracle, scheduler);
    this.strike(`power lost; of what was not synced survives: ${survival}`);
  }

  /** The number of the latest pending write to a file, for a survival that tears it. */
  pendingWrite(path: RegExp): number {
    const paths = new Map(this.disk.files().map((each) => [this.disk.nodeOf(each), each]));
    const at = this.disk.pending.findLastIndex(
      (operation) => operation.kind === "write" && path.test(paths.get(operation.file) ?? ""),
    );
    assert.ok(at >= 0, `a write to ${String(path)} is pending`);
    return at;
  }

  /** The process dies instead of making mutating call `calls`, counted from here. */
  dieAt(calls: number): void {
    this.disk.crashAt(this.disk.gate.mutations + calls);
  }

  /** The process dies instead of making the mutating call that follows the next one of this kind. */
  dieBehind(call: CallName, path: RegExp): void {
    let armed = true;
    this.disk.onCall((each, number) => {
      if (!armed || each.name !== call || !(path.test(each.path) || path.test(each.to ?? ""))) return;
      armed = false;
      this.strike(`death behind ${describeCall(each)}`);
      this.disk.crashAt(number + 1);
    });
  }

  /** True when the process died on the way. */
  async dies(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return this.machine.isDead;
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      this.tell("died");
      return true;
    } finally {
      this.disk.crashAt(Number.POSITIVE_INFINITY);
    }
  }

  /** A machine of its own with what is on the disk now, and an oracle that knows what this one knows. */
  copy(survival?: string): Machine {
    const options = { completions: atOnce };
    const disk = survival === undefined ? this.disk.clone(options) : this.disk.powerLoss(survival, options);
    return this.#machineOn(disk, this.machine.oracle.clone());
  }

  /** What a loss of power leaves of a copy, with the same oracle. */
  reboot({ disk, oracle }: Machine, survival: string): Machine {
    return this.#machineOn(disk.powerLoss(survival), oracle);
  }

  /** Another process comes while this one runs; resolves when it is up. */
  async second(): Promise<void> {
    const env = new SimEnv({ disk: this.disk, scheduler: this.machine.scheduler, seed: "second", pid: 2000 });
    const { config } = this.machine;
    const shared = { directory: "/data", shardsAsked: false, maxTopics: 0, maxIdempotencyKeys: 1000 };
    const hooks = { events: () => undefined, crash: (error: unknown) => this.machine.bug(error) };
    const engine = await this.machine.until(
      openEngine(env, { ...shared, ...config, storage: config.storage ?? defaultStorageConfig }, hooks),
    );
    await this.machine.until(engine.recover());
  }

  // --- calls -------------------------------------------------------------------------------------------------------

  /** An append that has to be acked. */
  async append(topic: string, count: number, options?: AppendOptions): Promise<void> {
    await this.answered(undefined, this.client.append(topic, count, options), `append of ${count} to ${topic}`);
  }

  /** One that has to be refused with this code; `unknown`: 503 with `outcome: "unknown"`. */
  async refused(code: string, topic: string, count: number, options?: AppendOptions): Promise<void> {
    await this.answered(code, this.client.append(topic, count, options), `append of ${count} to ${topic}`);
  }

  async answered(wanted: Answer, call: Promise<Answer>, what: string): Promise<void> {
    const answer = await this.machine.until(call);
    this.tell(`${what}: ${answer ?? "acked"}`);
    assert.equal(answer ?? "acked", wanted ?? "acked", what);
  }

  /** A call that goes on; what it is answered is known once it is. */
  going(call: Promise<Answer>): { readonly answer: () => string } {
    let answer = "none yet";
    call.then(
      (said) => (answer = said ?? "acked"),
      (error: unknown) => this.machine.bug(error),
    );
    return { answer: () => answer };
  }

  pass(ms: number): Promise<void> {
    return this.machine.pass(ms);
  }

  /** Long enough for everything to be synced and marked. */
  async quiet(): Promise<void> {
    await this.pass(500);
    this.machine.oracle.settle();
  }

  // --- what is seen ------------------------------------------------------------------------------------------------

  async observe(): Promise<Observation> {
    return this.machine.judge("none");
  }

  /** What is there, whatever the oracle's clock says of it. */
  async sees(wanted: Contents): Promise<void> {
    assert.deepEqual(contentsOf(await this.machine.observe(), wanted), wanted);
  }

  async shows(wanted: Contents): Promise<void> {
    const contents = contentsOf(await this.observe(), wanted);
    this.tell(`holds ${JSON.stringify(contents)}`);
    assert.deepEqual(contents, wanted);
  }

  /** A whole read from 0 that fails: with 500 or 503, or 429 for what passes. */
  async failsToRead(topic: string): Promise<void> {
    try {
      await this.machine.until(observeTopic(this.machine.engine, topic));
    } catch (error) {
      assert.ok(error instanceof TopicsError && error.status >= 429, String(error));
      this.tell(`read of ${topic}: ${error.code} ${JSON.stringify(error.detail)}`);
      return;
    }
    assert.fail(`a read of ${topic} fails`);
  }

  saw<T extends EngineEvent["type"]>(type: T, which: (event: EngineEvent & { type: T }) => boolean = () => true): void {
    const found = this.#eventsOf(type);
    assert.ok(found.some(which), `${type} is reported: ${JSON.stringify(found)}`);
    this.tell(`reported ${JSON.stringify(found.find(which))}`);
  }

  neverSaw(type: EngineEvent["type"]): void {
    assert.deepEqual(this.#eventsOf(type), [], `${type} is not reported`);
  }

  count(type: EngineEvent["type"]): number {
    return this.#eventsOf(type).length;
  }

  /** Lets time go by until so many more events of a kind have happened. */
  async awaits(type: EngineEvent["type"], more = 1): Promise<void> {
    const wanted = this.count(type) + more;
    for (let waited = 0; this.count(type) < wanted; waited += stepMs) {
      assert.ok(waited < longestWaitMs, `${type} comes`);
      await this.pass(stepMs);
    }
    this.tell(`reported ${JSON.stringify(this.#eventsOf(type).at(-1))}`);
  }

  /** Paths that match, sorted. */
  files(pattern: RegExp): string[] {
    return this.disk.files().filter((path) => pattern.test(path));
  }

  file(pattern: RegExp): string {
    const found = this.files(pattern);
    assert.equal(found.length, 1, `one file is called ${String(pattern)}: ${found.join(" ")}`);
    return found[0];
  }

  #eventsOf<T extends EngineEvent["type"]>(type: T): (EngineEvent & { type: T })[] {
    return this.events.filter((event): event is EngineEvent & { type: T } => event.type === type);
  }

  #machineOn(disk: SimulatedDisk, oracle: Oracle, scheduler?: Scheduler): Machine {
    const { shards = 1, wal, storage } = this.#setup;
    const config = {
      shards,
      wal: { ...smallFiles, ...wal },
      storage: { ...defaultStorageConfig, reserveBytes: 64 << 10, ...storage },
    };
    const wallMs = scheduler === undefined ? this.#machine.nowMs : startMs;
    return new Machine({
      disk,
      oracle,
      config,
      seed: `${this.name}/${++this.#made}`,
      wallMs,
      ...(scheduler === undefined ? {} : { scheduler }),
    });
  }
}
