/**
 * A server with small files, a place for backups and an archive, on a simulated disk; and what comes of its backups, held
 * against what its clients had been told at some moment.
 */
import assert from "node:assert/strict";
import { SimulatedDisk } from "../../sim/disk/disk.ts";
import type { Completions } from "../../sim/disk/call-gate.ts";
import { Machine, type ServerConfig, smallFiles } from "../../sim/crash-matrix/machine.ts";
import { tinyStorage } from "../../sim/crash-matrix/setup.ts";
import { type Observation, observe, type SeenTopic } from "../../sim/oracle/observation.ts";
import { Oracle } from "../../sim/oracle/oracle.ts";
import type { Prng } from "../../sim/prng.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { SimEnv } from "../../sim/sim-env.ts";
import { openEngine, type RunningEngine } from "../../src/engine/engine.ts";
import type { StorageConfig } from "../../src/engine/storage-config.ts";
import type { Env } from "../../src/env/env.ts";
import { noProgress } from "../../src/maintenance/progress.ts";
import { restore, type RestoreOptions, type RestoreReport } from "../../src/maintenance/restore/restore.ts";
import { verify } from "../../src/maintenance/verify/verify.ts";
import type { CommitClass } from "../../src/topic/config.ts";

export interface SceneOptions {
  readonly seed: string;
  readonly shards?: number;
  readonly storage?: Partial<StorageConfig>;
  readonly completions?: (scheduler: Scheduler) => Completions;
}

/** A moment that a record of its own stands for, and all that clients had been told by then. */
export interface Moment {
  readonly until: string;
  readonly atMs: number;
  readonly oracle: Oracle;
}

export const marker = "marker";

export class Scene {
  readonly machine: Machine;
  readonly disk: SimulatedDisk;
  readonly scheduler: Scheduler;
  readonly seed: string;
  #processes = 0;
  #marks = 0;

  constructor({ seed, shards = 2, storage = {}, completions }: SceneOptions) {
    this.seed = seed;
    this.scheduler = new Scheduler({ seed, wallMs: Date.UTC(2030, 0, 1) });
    this.disk = new SimulatedDisk({
      seed,
      directories: ["/data", "/backups", "/archive", "/cold"],
      ...(completions === undefined ? {} : { completions: completions(this.scheduler) }),
    });
    const config: ServerConfig = {
      shards,
      wal: { ...smallFiles, archiveDirectory: "/archive" },
      storage: tinyStorage({ backupDirectory: "/backups", ...storage }),
    };
    this.machine = this.machineOn(this.disk, config);
  }

  machineOn(disk: SimulatedDisk, config: ServerConfig = this.machine.config, oracle = new Oracle()): Machine {
    return new Machine({ disk, oracle, config, seed: this.seed, scheduler: this.scheduler });
  }

  /** Another process on the same machine. */
  env(disk = this.disk): Env {
    return new SimEnv({ disk, scheduler: this.scheduler, seed: `${this.seed}/process ${this.#processes++}` });
  }

  /** Virtual time goes on until it is done. */
  async until<T>(work: Promise<T>): Promise<T> {
    try {
      return await this.scheduler.settle(work);
    } catch (error) {
      // A process that has broken a rule goes no further.
      this.disk.checkRules();
      throw error;
    }
  }

  async mark(): Promise<Moment> {
    await this.machine.until(this.machine.client.append(marker, 1));
    return { until: `${marker}@${++this.#marks}`, atMs: this.machine.nowMs, oracle: this.machine.oracle.clone() };
  }

  backup(name: string): Promise<{ readonly files: number; readonly bytes: number; readonly topics: number }> {
    return this.machine.until(this.machine.engine.backup(name));
  }

  restore(options: Partial<RestoreOptions> & { readonly to: string }): Promise<RestoreReport> {
    return this.until(
      restore({
        env: this.env(),
        backup: "/backups/b",
        archive: "/archive",
        until: undefined,
        live: undefined,
        seqGap: undefined,
        progress: noProgress,
        ...options,
      }),
    );
  }

  /** Started as a server would start it; stopped by `close`. */
  async open(directory: string, disk = this.disk): Promise<RunningEngine> {
    const { config } = this.machine;
    const engine = await this.until(
      openEngine(
        this.env(disk),
        {
          directory,
          shards: config.shards,
          shardsAsked: false,
          wal: smallFiles,
          storage: tinyStorage(),
          maxTopics: 0,
          maxIdempotencyKeys: 1000,
        },
        {
          events: () => undefined,
          crash: (error) => {
            throw error;
          },
        },
      ),
    );
    await this.until(engine.recover());
    return engine;
  }

  /** What a server on that directory shows. */
  async observed(directory: string, disk = this.disk): Promise<Observation> {
    const engine = await this.open(directory, disk);
    const seen = await this.until(observe(engine));
    assert.equal(await this.until(engine.close(60_000)), true);
    return seen;
  }

  async verified(directory: string, disk = this.disk): Promise<void> {
    const report = await this.until(verify({ env: this.env(disk), directory, cold: undefined, progress: noProgress }));
    const wrong = report.files.filter(({ outcome }) => outcome !== "ok");
    assert.deepEqual([report.outcome, wrong, report.start.outcome], ["ok", [], "starts"]);
    assert.deepEqual(report.unnamed, []);
  }

  /** What a restored directory shows is what clients had been told at a moment, but for its holes. */
  async judged(directory: string, { oracle }: Pick<Moment, "oracle">, disk = this.disk): Promise<Observation> {
    await this.verified(directory, disk);
    const seen = await this.observed(directory, disk);
    oracle.clone().judge(withoutHoles(seen), "clean", this.machine.nowMs);
    return seen;
  }
}

/** As if no seq had been given up behind the head; an `ephemeral` topic always loses some. */
export function withoutHoles(seen: Observation): Observation {
  return new Map([...seen].map(([name, topic]) => [name, withoutHole(topic)]));
}

function withoutHole(topic: SeenTopic): SeenTopic {
  const hole = topic.tombstones.at(-1);
  if (hole?.reason !== "restored" || topic.config.durability === "ephemeral") return topic;
  assert.equal(hole.gapTo, topic.head, "the hole ends the topic");
  const head = hole.gapFrom - 1;
  const earliest = topic.earliest > topic.head ? head + 1 : topic.earliest;
  return { ...topic, head, next: head + 1, earliest, tombstones: topic.tombstones.slice(0, -1) };
}

const classes: readonly CommitClass[] = ["ephemeral", "memory", "disk", "disk", "fsync"];

/** One change of any kind, answered. */
export async function changeSomething({ machine }: Scene, prng: Prng): Promise<void> {
  const { client } = machine;
  const topic = prng.pick(["one", "two", "three", "four"]);
  const tag = prng.pick(["a:1", "a:2", "b"]);
  const what = prng.below(100);
  const change =
    what < 45
      ? client.append(topic, prng.between(1, 6), { tag, padBytes: prng.below(2000) })
      : what < 52
        ? client.append(topic, 1, { key: `${prng.seed}-${what}-${prng.next32()}` })
        : what < 66
          ? client.deleteTag(topic, prng.pick(["a:1", "a:*", "b"]))
          : what < 74
            ? client.deleteBefore(topic, prng.between(2, 60))
            : what < 90
              ? client.create(topic, prng.pick(classes), prng.chance(40) ? { capRecords: prng.between(3, 20) } : {})
              : what < 94
                ? client.deleteTopic(topic)
                : client.append(topic, prng.between(20, 60));
  await machine.until(change);
  if (prng.chance(30)) await machine.pass(prng.between(1, 700));
}
