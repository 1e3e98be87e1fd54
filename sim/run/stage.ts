/**
 * A machine through all its crashes, as actors see it: one process after another, on one disk after another, with one oracle
 * and one virtual time throughout.
 */
import { StartRefusal } from "../../src/storage/refusal.ts";
import { Died, Machine, type ServerConfig } from "../crash-matrix/machine.ts";
import { describeCall } from "../disk/call.ts";
import { SimulatedDisk } from "../disk/disk.ts";
import { storageRules } from "../disk/storage-rules.ts";
import type { Crash } from "../oracle/crash.ts";
import { difference, type Observation } from "../oracle/observation.ts";
import { Oracle, Violation } from "../oracle/oracle.ts";
import { scheduledCompletions } from "../scheduled-completions.ts";
import { Scheduler } from "../scheduler.ts";
import type { Coverage } from "./coverage.ts";
import { directories } from "./profile.ts";
import { coverEvent, fileFamily } from "./rare.ts";
import type { Trace } from "./trace.ts";
import { Turns } from "./turns.ts";

/** How a death goes on. */
export interface CrashPlan {
  /** What survives a loss of power; without it the kernel has every write. */
  readonly survival?: string | undefined;
  /** Starts that die at a mutating call, each with its own end. */
  readonly interruptions: readonly { readonly at: number; readonly survival?: string | undefined }[];
  /** Another number of shards from now on. */
  readonly shards?: number | undefined;
  /** Started once more, to find the same. */
  readonly twice?: boolean | undefined;
}

export const plainKill: CrashPlan = { interruptions: [] };
/** Lines of trace in which a step comes to its end. */
const mostPerStep = 10_000;
const plentyBytes = 1 << 30;

export interface StageParts {
  readonly seed: string;
  readonly server: ServerConfig;
  readonly trace: Trace;
  readonly coverage: Coverage;
}

export class Stage {
  readonly oracle = new Oracle();
  readonly coverage: Coverage;
  readonly trace: Trace;
  readonly scheduler: Scheduler;
  /** What the next death is to be like. */
  crashPlan: CrashPlan = plainKill;
  turns = new Turns();
  #server: ServerConfig;
  #machine: Machine;
  #machines = 0;
  readonly #seed: string;
  #inFlight = new Set<Promise<void>>();
  /** A fault of a write or sync has struck this process: its page cache is no witness. */
  #struck = false;
  #planted = false;
  #sinceStep = 0;
  /** The latch note that follows a failed sync has been written. */
  #noted = false;
  /** The wall clock has jumped, some time. */
  hasJumped = false;
  #spaceShort = false;
  /** Deaths so far, clean stops not counted. */
  crashes = 0;

  constructor({ seed, server, trace, coverage }: StageParts) {
    this.#seed = seed;
    this.#server = server;
    this.trace = trace;
    this.coverage = coverage;
    this.scheduler = new Scheduler({ seed });
    const disk = new SimulatedDisk({
      seed,
      directories: Object.values(directories),
      completions: scheduledCompletions(this.scheduler),
      rules: storageRules,
    });
    this.#machine = this.#machineOn(disk);
  }

  get machine(): Machine {
    return this.#machine;
  }

  get nowMs(): number {
    return this.#machine.nowMs;
  }

  /** Nothing that was planted can have spoilt anything in this process. */
  get isHealthy(): boolean {
    return !this.#planted && !this.#spaceShort;
  }

  note(line: string): void {
    if (line.startsWith("step ")) this.#sinceStep = 0;
    else if (++this.#sinceStep === mostPerStep)
      this.machine.bug(new Violation("9.4/11", "the server is busy without end"));
    this.trace.add(`${this.scheduler.clock.monotonicMs()} ${line}`);
  }

  async firstStart(): Promise<void> {
    await this.machine.start();
    await this.judge("none");
  }

  /** Goes on beside everything else. */
  begin(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => {
        this.machine.bug(error);
      })
      .finally(() => this.#inFlight.delete(tracked));
    this.#inFlight.add(tracked);
  }

  /** Until nothing that was begun is left. */
  async quiet(): Promise<void> {
    this.machine.disk.gate.releaseHung();
    while (this.#inFlight.size > 0) await this.machine.until(Promise.all(this.#inFlight).then(() => undefined));
  }

  async judge(crash: Crash): Promise<Observation> {
    const observation = await this.machine.observe();
    this.oracle.judge(observation, crash, this.nowMs);
    this.#noteObservation(observation);
    return observation;
  }

  plant(fault: string): void {
    this.#planted = true;
    this.machine.disk.injector.plant(fault);
  }

  setFreeBytes(freeBytes: number): void {
    this.#spaceShort = true;
    this.machine.disk.setFreeBytes(freeBytes);
  }

  /** Faults end; what they did stays. */
  mendDisk(): void {
    this.#countFaults();
    const { disk } = this.machine;
    disk.injector.clear();
    disk.gate.releaseHung();
    if (this.#spaceShort) disk.setFreeBytes(plentyBytes);
  }

  /** A clean stop, and the next start. */
  async stopAndStart(shards: number | undefined): Promise<void> {
    await this.quiet();
    this.mendDisk();
    await this.machine.pass(2000);
    const readOnly = this.#isReadOnly();
    await this.machine.stop();
    this.note("stopped");
    this.coverage.count("end: clean stop");
    this.machine.disk.kill();
    this.#newProcess(this.machine.disk, shards);
    await this.#startAnew();
    // A shard that is read-only does not end its log: its topics may have holes.
    await this.judge(readOnly ? "power" : "clean");
  }

  /** The process dies now, if it has not, and what the plan says comes after it. */
  async crashAndStart(): Promise<void> {
    const plan = this.crashPlan;
    this.crashPlan = plainKill;
    this.crashes++;
    let power = this.#die(plan.survival, plan.shards);
    for (const { at, survival } of plan.interruptions) {
      const { disk } = this.machine;
      disk.crashAt(disk.gate.mutations + at);
      try {
        await this.#startAnew();
      } catch (error) {
        if (!(error instanceof Died)) throw error;
        this.coverage.count("state: recovery interrupted");
      }
      power = this.#die(survival, undefined) || power;
    }
    await this.#startAnew();
    const found = await this.judge(power ? "power" : "kill");
    if (plan.twice !== true) return;
    this.#die(undefined, undefined);
    await this.#startAnew();
    const again = await this.judge("kill");
    const differs = difference(found, again);
    if (differs !== undefined) throw new Violation("1.10/7", `a second recovery does not find the same: ${differs}`);
    this.coverage.count("state: recovered twice");
  }

  /** Gives whether power was lost, or what comes to the same. */
  #die(survival: string | undefined, shards: number | undefined): boolean {
    this.#countFaults();
    const { disk } = this.machine;
    disk.kill();
    disk.crashAt(Number.POSITIVE_INFINITY);
    disk.checkRules();
    // Nothing on the disk tells of a sync that failed a moment ago and took the cache's word with it (6.6).
    const losesPower = survival ?? (this.#struck && !this.#noted ? "none" : undefined);
    const noWitness = this.#struck;
    this.note(`died, ${losesPower ?? "kill"}, ${disk.hash("cache")}`);
    this.coverage.count(`end: ${losesPower === undefined ? "kill" : "power loss"}`);
    if (losesPower !== undefined && disk.pending.length > 0)
      this.coverage.count("state: power loss with something pending");
    const next = losesPower === undefined ? disk : disk.powerLoss(losesPower);
    next.injector.clear();
    if (this.#spaceShort) next.setFreeBytes(plentyBytes);
    this.#newProcess(next, shards);
    return losesPower !== undefined || noWitness;
  }

  #newProcess(disk: SimulatedDisk, shards: number | undefined): void {
    this.#struck = this.#noted = this.#planted = this.#spaceShort = false;
    this.#inFlight = new Set();
    this.turns = new Turns();
    if (shards !== undefined) this.#server = { ...this.#server, shards };
    this.#machine = this.#machineOn(disk);
  }

  async #startAnew(): Promise<void> {
    try {
      await this.machine.start();
    } catch (error) {
      if (!(error instanceof StartRefusal)) throw error;
      throw new Violation("6.6", `a start was refused (${error.kind}): ${error.message}`);
    }
    this.note("started");
  }

  #machineOn(disk: SimulatedDisk): Machine {
    const number = ++this.#machines;
    const machine = new Machine({
      disk,
      oracle: this.oracle,
      config: this.#server,
      seed: `${this.#seed}/${number}`,
      scheduler: this.scheduler,
      onEvent: (event) => {
        this.note(`event ${JSON.stringify(event)}`);
        coverEvent(this.coverage, event);
      },
    });
    if (!watched.has(disk)) {
      watched.add(disk);
      disk.gate.onCall((call, at) => {
        this.note(`call ${at} ${describeCall(call)}`);
        if (call.name === "write" && call.path.endsWith("/LOCK") && this.#planted) this.#noteLatch();
        this.coverage.count(`calls: ${call.name} ${fileFamily(call.path)}`);
      });
    }
    return machine;
  }

  #noteLatch(): void {
    const fired = [...this.machine.disk.injector.fired()].filter(([, times]) => times > 0);
    if (fired.length > 0) this.#noted = true;
  }

  #countFaults(): void {
    for (const [fault, times] of this.machine.disk.injector.fired()) {
      const [what = fault] = fault.split("#");
      const effect = fault.split(":").slice(1).join(":").replaceAll(/\d+/g, "N");
      this.coverage.count(`faults: ${what} ${effect}`, times);
      if (times > 0 && /^(write|datasync|syncDir|truncate|rename|open|unlink|link)/.test(fault)) this.#struck = true;
    }
  }

  #isReadOnly(): boolean {
    const status = this.machine.engine.status();
    return status.state === "ready" && status.readOnlyShards.length > 0;
  }

  #noteObservation(observation: Observation): void {
    for (const [name, { head, earliest, count, bytes, tombstones, records }] of observation) {
      const last = records.at(-1);
      this.note(`topic ${name} ${head} ${earliest} ${count} ${bytes} ${last?.ts ?? 0} ${JSON.stringify(tombstones)}`);
      for (const { reason } of tombstones) this.coverage.count(`tombstones: ${reason}`);
    }
    this.coverage.count("judgements: topics", observation.size);
  }
}

/** Disks that outlive a process are listened to once. */
const watched = new WeakSet<SimulatedDisk>();
