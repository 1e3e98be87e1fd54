/**
 * Operations of offline tools that make a directory out of others (spec 6.6, 6.7, 8.3). Wherever such a tool dies, what it
 * read is as it was; by its own name the new directory is there with all that is in it, or not at all; and the next
 * attempt makes the same, leaving nothing behind of the one before.
 */
import type { Env } from "../../src/env/env.ts";
import { noProgress } from "../../src/maintenance/progress.ts";
import { verify } from "../../src/maintenance/verify/verify.ts";
import { atOnce } from "../disk/call-gate.ts";
import type { SimulatedDisk } from "../disk/disk.ts";
import { difference, type Observation } from "../oracle/observation.ts";
import { Oracle, Violation } from "../oracle/oracle.ts";
import { Prng } from "../prng.ts";
import { Scheduler } from "../scheduler.ts";
import { SimEnv } from "../sim-env.ts";
import { Machine, type ServerConfig } from "./machine.ts";
import type { Operation } from "./operation.ts";
import { expect } from "./setup.ts";

export interface Tool {
  readonly name: string;
  readonly server: ServerConfig;
  /** Directories that it reads, and leaves as they are. */
  readonly sources: readonly string[];
  /** The directory that it makes. */
  readonly target: string;
  /** What it finds. Whatever is still running on the machine then is killed. */
  prepare(machine: Machine): Promise<void>;
  /** What has become of it since. */
  damage?(disk: SimulatedDisk): void;
  /** Rejects when it has not made what it is asked for. */
  run(env: Env): Promise<void>;
}

export function toolOperation(tool: Tool): Operation {
  const made: { sources: Files; target: Files; shows: Promise<Observation> | undefined } = {
    sources: new Map(),
    target: new Map(),
    shows: undefined,
  };
  return {
    name: tool.name,
    server: tool.server,
    directories: tool.sources.filter((path) => path !== "/data"),
    setup: async (machine) => {
      await tool.prepare(machine);
      // A loss of power takes nothing of what the tool reads.
      for (let waited = 0; waited < 50 && machine.disk.pending.length > 0; waited++) await machine.pass(50);
      expect(machine.disk.pending.length === 0, "all is synced that is there");
      machine.disk.kill();
      tool.damage?.(machine.disk);
      made.sources = filesIn(machine.disk, tool.sources);
    },
    run: async ({ disk, scheduler, seed }) => {
      await scheduler.settle(tool.run(new SimEnv({ disk, scheduler, seed })));
      made.target = filesIn(disk, [tool.target]);
      made.shows = new Place(tool, disk.clone({ completions: atOnce }), "reference").shows();
    },
    examine: async (image, depth) => {
      const shows = await made.shows!;
      const place = new Place(tool, image.disk.clone(), image.id);
      same(made.sources, filesIn(place.disk, tool.sources), "what it read");
      let recoveries = 0;
      if (place.isMade) same(made.target, filesIn(place.disk, [tool.target]), "what it made, and there is all of it");
      else if (image.isOver) throw new Violation("6.7", "what was answered is there");
      for (let count = 0; count < depth.interruptions; count++) recoveries += await interrupted(place, shows, count);
      recoveries += await ended(place, shows, made.sources, image.isOver);
      return { recoveries };
    },
  };
}

/** The next attempt dies too, and the one behind it does not. */
async function interrupted(place: Place, shows: Observation, count: number): Promise<number> {
  const prng = new Prng(place.label).fork(`interruption ${count}`);
  const trial = place.copy(`interrupted ${count}`);
  if (trial.isMade) return 0;
  trial.disk.crashAt(trial.disk.gate.mutations + prng.below(80));
  const finished = await trial.attempt();
  trial.disk.crashAt(Number.POSITIVE_INFINITY);
  trial.disk.kill();
  const next = new Place(place.tool, trial.disk.powerLoss(`seed:${prng.next32()}`), `${place.label}/resumed ${count}`);
  return ended(next, shows, undefined, finished);
}

/** It is made by now, or by the next attempt; that lasts, and is what it has to be. */
async function ended(
  place: Place,
  shows: Observation,
  sources: Files | undefined,
  isDurable: boolean,
): Promise<number> {
  let answered = isDurable;
  if (!place.isMade) {
    if (answered) throw new Violation("6.7", "what was answered is there");
    answered = await place.attempt();
    if (!answered) throw new Violation("6.7", "the next attempt comes to its end");
    const left = place.disk.files().filter((path) => path.startsWith("/."));
    if (left.length > 0) throw new Violation("6.7", `nothing is left behind: ${left.join(" ")}`);
  }
  if (sources !== undefined) same(sources, filesIn(place.disk, place.tool.sources), "what it read");
  const lasting = answered ? place.copy("after a power loss", (disk) => disk.powerLoss("none")) : place;
  if (!lasting.isMade) throw new Violation("6.7", "what was answered lasts");
  const differs = difference(shows, await lasting.shows());
  if (differs !== undefined) throw new Violation("6.7", `every attempt makes the same: ${differs}`);
  return 1;
}

export type Files = ReadonlyMap<string, string>;

/** Who looks at a directory may leave a name in its lock. */
export function filesIn(disk: SimulatedDisk, directories: readonly string[]): Files {
  const paths = disk.files().filter((path) => directories.some((directory) => path.startsWith(`${directory}/`)));
  return new Map(
    paths
      .filter((path) => !path.endsWith("/LOCK"))
      .map((path) => [path, Buffer.from(disk.contents(path)).toString("latin1")]),
  );
}

function same(before: Files, after: Files, what: string): void {
  for (const path of new Set([...before.keys(), ...after.keys()]))
    if (before.get(path) !== after.get(path)) throw new Violation("6.6", `${what} is as it was: ${path} is another`);
}

/** A machine on which no server runs. */
class Place {
  readonly tool: Tool;
  readonly disk: SimulatedDisk;
  readonly label: string;
  #processes = 0;

  constructor(tool: Tool, disk: SimulatedDisk, label: string) {
    this.tool = tool;
    this.disk = disk;
    this.label = label;
  }

  get isMade(): boolean {
    return filesIn(this.disk, [this.tool.target]).size > 0;
  }

  copy(label: string, how = (disk: SimulatedDisk): SimulatedDisk => disk.clone()): Place {
    return new Place(this.tool, how(this.disk), `${this.label}/${label}`);
  }

  /** `false`: it died. */
  async attempt(): Promise<boolean> {
    const scheduler = this.#scheduler();
    const env = new SimEnv({ disk: this.disk, scheduler, seed: `${this.label}/${++this.#processes}` });
    let forget = (): void => undefined;
    const death = new Promise<false>((resolve) => (forget = this.disk.onDeath(() => resolve(false))));
    const done = this.tool.run(env).then(() => true as const);
    try {
      return await scheduler.settle(Promise.race([done, death]));
    } finally {
      forget();
      this.disk.checkRules();
    }
  }

  /** What a server on the new directory does, which verifies. */
  async shows(): Promise<Observation> {
    const { target, server } = this.tool;
    const disk = this.disk.clone();
    const scheduler = this.#scheduler();
    const env = new SimEnv({ disk, scheduler, seed: `${this.label}/verify` });
    const report = await scheduler.settle(verify({ env, directory: target, cold: undefined, progress: noProgress }));
    if (report.outcome !== "ok")
      throw new Violation("6.7", `what is made verifies: ${JSON.stringify(report.files.filter(isWrong))}`);
    disk.kill();
    const machine = new Machine({
      disk,
      oracle: new Oracle(),
      config: { shards: server.shards, wal: server.wal, directory: target },
      seed: `${this.label}/server`,
      scheduler,
    });
    await machine.start();
    const seen = await machine.observe();
    await machine.stop();
    machine.check();
    return seen;
  }

  #scheduler(): Scheduler {
    return new Scheduler({ seed: this.label, wallMs: Date.UTC(2030, 0, 2) });
  }
}

function isWrong({ outcome }: { readonly outcome: string }): boolean {
  return outcome !== "ok";
}

/** For operations of a server that make a directory beside their own: it is there as it was made, or not at all. */
export function wholeOrAbsent(disk: SimulatedDisk, directory: string, made: Files, mustBe: boolean): void {
  const files = filesIn(disk, [directory]);
  if (files.size > 0) same(made, files, `what is in ${directory}`);
  else if (mustBe) throw new Violation("6.7", "what was answered is there");
}
