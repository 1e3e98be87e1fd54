/**
 * A machine through all its crashes, as actors see it: one process after another, on one disk after another, with one oracle
 * and one virtual time throughout.
 */
import type { TopicConfig } from "../../src/topic/config.ts";
import { StartRefusal } from "../../src/storage/refusal.ts";
import type { EngineEvent } from "../../src/engine/events.ts";
import { noProgress } from "../../src/maintenance/progress.ts";
import { verify } from "../../src/maintenance/verify/verify.ts";
import { Died, Machine, type MachineParts, type ServerConfig } from "../crash-matrix/machine.ts";
import { SimulatedDisk } from "../disk/disk.ts";
import { oneSyncPerFile } from "../disk/rules/one-sync-per-file.ts";
import { storageRules } from "../disk/storage-rules.ts";
import { HttpDoor } from "../http/http-door.ts";
import type { Crash } from "../oracle/crash.ts";
import { reportsDamage } from "../oracle/invariants/08-damage.ts";
import { recoveredTheSame } from "../oracle/invariants/07-recovery.ts";
import { drainedWhole, sound, startedSoon } from "../oracle/invariants/94-11-drain.ts";
import { mayAck } from "../oracle/invariants/94-02-latch.ts";
import type { Observation } from "../oracle/observation.ts";
import { Oracle, Violation } from "../oracle/oracle.ts";
import { Prng } from "../prng.ts";
import { scheduledCompletions } from "../scheduled-completions.ts";
import { Scheduler } from "../scheduler.ts";
import { SimEnv } from "../sim-env.ts";
import { Backups } from "./backups.ts";
import { Clocks } from "./clocks.ts";
import type { Coverage } from "./coverage.ts";
import { DiskTroubles } from "./disk-troubles.ts";
import { directories, type Profile } from "./profile.ts";
import type { Phase, RareState, Situation } from "./rare.ts";
import type { Trace } from "./trace.ts";
import { Turns } from "./turns.ts";
import { Witness } from "./witness.ts";

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

export interface StageParts {
  readonly seed: string;
  readonly server: ServerConfig;
  readonly profile: Profile;
  readonly trace: Trace;
  readonly coverage: Coverage;
  /** To be counted. */
  readonly rare: readonly RareState[];
}

/** A start was refused for a reason that there was: the history ends here. */
export class Over extends Error {
  override readonly name = "Over";
}

export class Stage {
  readonly oracle = new Oracle();
  readonly coverage: Coverage;
  readonly scheduler: Scheduler;
  /** What the next death is to be like. */
  crashPlan: CrashPlan = plainKill;
  turns = new Turns();
  #server: ServerConfig;
  #machine: Machine;
  #machines = 0;
  readonly #seed: string;
  readonly #doors: HttpDoor[] = [];
  #inFlight = new Set<Promise<void>>();
  readonly clocks: Clocks;
  readonly profile: Profile;
  readonly backups: Backups;
  readonly #witness: Witness;
  readonly #troubles: DiskTroubles;
  /** Deaths so far, clean stops not counted. */
  crashes = 0;
  /** Deaths with something acked before each of them. */
  crashesAfterWrites = 0;
  #phase: Phase = "starting";
  #happened = new Set<string>();
  #deathsInARow = 0;
  #ackedSince = false;
  #hasWritten = false;
  #latched = false;

  constructor({ seed, server, profile, trace, coverage, rare }: StageParts) {
    this.#seed = seed;
    this.#server = server;
    this.profile = profile;
    this.coverage = coverage;
    this.scheduler = new Scheduler({ seed });
    this.#witness = new Witness({
      trace,
      coverage,
      rare,
      now: () => this.scheduler.clock.monotonicMs(),
      around: () => this.#situation(),
      endless: () => this.machine.bug(new Violation("9.4/11", "the server is busy without end")),
    });
    this.#troubles = new DiskTroubles(coverage, (what) => this.say(what));
    this.backups = new Backups(this);
    this.clocks = new Clocks(this.scheduler);
    const disk = new SimulatedDisk({
      seed,
      directories: Object.values(directories),
      completions: scheduledCompletions(this.scheduler),
      // Where syncs lie, nothing that has to do with them holds.
      rules: profile.syncsLie === true ? [oneSyncPerFile] : storageRules,
    });
    this.#machine = this.#machineOn(disk);
  }

  get machine(): Machine {
    return this.#machine;
  }

  get server(): ServerConfig {
    return this.#server;
  }

  /** The HTTP application, where clients speak to that. */
  get http(): HttpDoor | undefined {
    const { doorIfAny: door } = this.#machine;
    return door instanceof HttpDoor ? door : undefined;
  }

  get isServing(): boolean {
    return this.#phase === "serving";
  }

  get hasJumped(): boolean {
    return this.clocks.hasJumped;
  }

  get nowMs(): number {
    return this.#machine.nowMs;
  }

  /** Types of events of the whole run. */
  get everHappened(): ReadonlySet<string> {
    return this.#witness.everHappened;
  }

  /** Nothing that was planted can have spoilt anything in this process. */
  get isHealthy(): boolean {
    return this.#troubles.isHealthy;
  }

  note(line: string): void {
    this.#witness.note(line);
  }

  /** Something that only the actor can know has happened; it is the name of a rare state. */
  say(what: string): void {
    this.#witness.said(what);
  }

  /** `undefined` stands for `ok`, as clients have it. */
  answered(verb: string, topic: string, answers: readonly (string | undefined)[], before?: TopicConfig): void {
    this.note(`${verb} ${topic} ${answers.map((answer) => answer ?? "ok").join()}`);
    const after = this.oracle.topic(topic).live?.config;
    for (const answer of answers) {
      this.coverage.count(`answers: ${verb} ${answer ?? "ok"}`);
      this.#witness.meet({ kind: "answer", verb, answer: answer ?? "ok", before, after });
    }
  }

  async firstStart(): Promise<void> {
    await this.#startAnew();
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

  /** The run is over, and its last process is dead. */
  discard(): void {
    for (const door of this.#doors) door.discard();
  }

  /** Until nothing that was begun is left. */
  async quiet(): Promise<void> {
    await this.machine.disk.gate.releasing(async () => {
      while (this.#inFlight.size > 0) await this.machine.until(Promise.all(this.#inFlight).then(() => undefined));
    });
  }

  async judge(crash: Crash): Promise<Observation> {
    const observation = await this.#observe();
    for (const [name, seen] of observation)
      this.#witness.meet({ kind: "look", crash, seen, before: this.oracle.topic(name).base });
    const isLost = this.#troubles.lied && crash === "power";
    if (crash !== "none" && !isLost) this.machine.judgeRouters();
    if (isLost) this.#accept(observation);
    else this.oracle.judge(observation, crash, this.nowMs, this.clocks.facts);
    this.clocks.seen(observation);
    this.#witness.looked(observation);
    return observation;
  }

  plant(fault: string): void {
    this.#troubles.plant(this.machine.disk, fault);
  }

  setFreeBytes(freeBytes: number): void {
    this.#troubles.setFreeBytes(this.machine.disk, freeBytes);
  }

  /** Faults end; what they did stays. */
  mendDisk(): void {
    this.#troubles.mend(this.machine.disk);
  }

  /** A clean stop, and the next start; with `verifies`, the directory is looked through in between. */
  async stopAndStart(shards: number | undefined, verifies = false): Promise<void> {
    await this.quiet();
    this.mendDisk();
    await this.machine.pass(2000);
    const wasReadOnly = this.#isReadOnly();
    this.#phase = "stopping";
    if (this.http?.hasConnections === true) this.say("a stop with connections open");
    await this.machine.stop();
    // The disk may have failed it on the way down.
    const readOnly = wasReadOnly || this.#latched;
    this.note("stopped");
    this.coverage.count("end: clean stop");
    if (verifies && !this.#troubles.lied) await this.#verify(readOnly);
    const { struck: wasStruck } = this.#troubles;
    this.#troubles.count(this.machine.disk);
    this.machine.disk.kill();
    this.#newProcess(this.machine.disk, shards);
    await this.#startAnew();
    if (!readOnly && !wasStruck) drainedWhole(this.machine.events);
    // A shard that is read-only does not end its log: its topics may have holes.
    await this.judge(readOnly ? "power" : "clean");
  }

  async #verify(readOnly: boolean): Promise<void> {
    const { disk } = this.machine;
    const env = new SimEnv({ disk, scheduler: this.scheduler, seed: `${this.#seed}/verify` });
    const { coldDirectory: cold } = this.#server.storage!;
    const report = await this.machine.until(verify({ env, directory: directories.data, cold, progress: noProgress }));
    sound(report, readOnly);
    this.say("a directory verified after a stop");
  }

  /** The process dies now, if it has not, and what the plan says comes after it. */
  async crashAndStart(): Promise<void> {
    const plan = this.crashPlan;
    this.crashPlan = plainKill;
    this.crashes++;
    if (this.#ackedSince) this.crashesAfterWrites++;
    this.#ackedSince = false;
    let power = this.#die(plan.survival, plan.shards);
    for (const { at, survival } of plan.interruptions) {
      const { disk } = this.machine;
      disk.crashAt(disk.gate.mutations + at);
      try {
        await this.#startAnew();
      } catch (error) {
        if (!(error instanceof Died)) throw error;
      }
      power = this.#die(survival, undefined) || power;
    }
    await this.#startAnew();
    const found = await this.judge(power ? "power" : "kill");
    if (plan.twice !== true) return;
    this.#die(undefined, undefined);
    await this.#startAnew();
    recoveredTheSame(found, await this.judge("kill"), (topic) => this.#movesByItself(topic));
    this.say("recovered twice");
  }

  /** A start may go on with copies and with moves of dead letters that the last one had not finished. */
  #movesByItself(topic: string): boolean {
    return this.oracle.links.dest(topic) !== undefined || this.oracle.jobs.owns(topic);
  }

  /** Gives whether power was lost, or what comes to the same. */
  #die(survival: string | undefined, shards: number | undefined): boolean {
    const { disk } = this.machine;
    this.#troubles.count(disk);
    const { diedAt } = disk.gate;
    disk.kill();
    disk.crashAt(Number.POSITIVE_INFINITY);
    disk.checkRules();
    const losesPower = survival ?? (this.#troubles.isUntold ? "none" : undefined);
    const { struck } = this.#troubles;
    this.#witness.died(diedAt, losesPower, disk.pending.length, disk.hash("cache"));
    if (this.http?.isBusy === true) this.say("a death with requests in flight");
    this.#deathsInARow++;
    this.#newProcess(losesPower === undefined ? disk : disk.powerLoss(losesPower), shards);
    return losesPower !== undefined || struck;
  }

  #newProcess(disk: SimulatedDisk, shards: number | undefined): void {
    this.#troubles.newProcess(disk);
    this.#latched = this.#hasWritten = false;
    this.#phase = "starting";
    this.#happened = new Set();
    this.clocks.newProcess();
    this.#inFlight = new Set();
    this.turns = new Turns();
    if (shards !== undefined) this.#server = { ...this.#server, shards };
    this.#machine = this.#machineOn(disk);
  }

  async #startAnew(): Promise<void> {
    const startedMs = this.scheduler.clock.monotonicMs();
    try {
      await this.machine.start();
    } catch (error) {
      if (!(error instanceof StartRefusal)) throw error;
      if (this.#troubles.lied) {
        this.say("a start refused after a sync that lied");
        throw new Over(error.message);
      }
      throw new Violation("6.6", `a start was refused (${error.kind}): ${error.message}`);
    }
    startedSoon(this.scheduler.clock.monotonicMs() - startedMs);
    if (this.clocks.isBehind && this.#machines > 1) this.say("a restart with a clock that is behind");
    this.#phase = "serving";
    this.#deathsInARow = 0;
    this.note("started");
  }

  async #observe(): Promise<Observation> {
    try {
      return await this.machine.observe();
    } catch (error) {
      // What a disk has spoilt is said to be so.
      if (!this.#troubles.lied || !reportsDamage(error)) throw error;
      throw new Over(String(error));
    }
  }

  #accept(observation: Observation): void {
    const before = this.oracle.clone();
    this.oracle.accept(observation, this.nowMs);
    this.#troubles.lied = false;
    const isShorter = before.topics.some(
      ({ name, shown, instances }) => (observation.get(name)?.head ?? 0) < (shown.get(instances) ?? 0),
    );
    this.say(isShorter ? "a shorter log after a sync that lied" : "nothing lost though a sync lied");
  }

  #machineOn(disk: SimulatedDisk): Machine {
    const number = ++this.#machines;
    const machine: Machine = new Machine({
      disk,
      oracle: this.oracle,
      config: this.#server,
      seed: `${this.#seed}/${number}`,
      scheduler: this.scheduler,
      acksProveNothing: this.profile.syncsLie === true || this.profile.speaksHttp === true,
      onEvent: (event) => this.#hear(event),
      clocksDisagree: () => this.hasJumped,
      onAck: (topic) => {
        this.#ackedSince = this.#hasWritten = true;
        mayAck(this.oracle.topic(topic).live?.config.durability, this.#latched && this.#server.shards === 1);
      },
      ...this.#httpParts(() => machine, number),
    });
    if (!watched.has(disk)) {
      watched.add(disk);
      disk.gate.onCall((call, at) => {
        this.#witness.called(call, at);
        if (call.name === "write" && call.path.endsWith("/LOCK")) this.#troubles.lockWritten(disk);
      });
    }
    return machine;
  }

  #httpParts(machine: () => Machine, number: number): Pick<MachineParts, "doorOf"> {
    if (this.profile.speaksHttp !== true) return {};
    const { scheduler } = this;
    return {
      doorOf: (engine, env) => {
        const door = new HttpDoor({
          engine,
          env,
          scheduler,
          prng: new Prng(`${this.#seed}/${number}/http`),
          note: (line) => this.note(line),
          bug: (error) => machine().bug(error),
        });
        this.#doors.push(door);
        return door;
      },
    };
  }

  #hear(event: EngineEvent): void {
    this.#witness.heard(event);
    this.#happened.add(event.type);
    if (event.type === "wal-latched") this.#latched = true;
  }

  #situation(): Situation {
    return {
      phase: this.#phase,
      server: this.#server,
      speaksHttp: this.profile.speaksHttp === true,
      happened: this.#happened,
      deathsInARow: this.#deathsInARow,
      deaths: this.crashes - 1,
      inFlight: this.#inFlight.size,
      hasWritten: this.#hasWritten,
      isStruck: this.#troubles.struck,
    };
  }

  #isReadOnly(): boolean {
    const status = this.machine.engine.status();
    return status.state === "ready" && status.readOnlyShards.length > 0;
  }
}

/** Disks that outlive a process are listened to once. */
const watched = new WeakSet<SimulatedDisk>();
