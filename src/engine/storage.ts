/**
 * What keeps memory and the log short while the engine runs (spec 6.3, 6.4): tails are sealed, checkpoints written, dead
 * parts rewritten, segments moved to the cold tier, and what nobody needs removed. The pieces know nothing of each other;
 * here is when each has its turn.
 */
import { assert } from "../base/assert.ts";
import { TopicsError } from "../base/errors.ts";
import type { Env } from "../env/env.ts";
import type { ManifestStore } from "../storage/manifest.ts";
import type { Topic } from "../topic/topic.ts";
import { shardNumber } from "../wal/wal.ts";
import type { BackupResult } from "./api.ts";
import { Backups } from "./backup.ts";
import type { Catalog } from "./catalog.ts";
import { Checkpointer } from "./checkpointer.ts";
import { ColdTier } from "./cold-tier.ts";
import type { EngineClock } from "./engine-clock.ts";
import type { EngineEvents } from "./events.ts";
import type { Recovered } from "./recover.ts";
import { Rescuer } from "./rescuer.ts";
import { Rewriter } from "./rewriter.ts";
import type { StorageConfig } from "./storage-config.ts";

/** A step of copying takes a quarter of a MiB: less than is sealed meanwhile. */
const copiesRestMs = 2;

export interface StorageDeps {
  readonly env: Env;
  readonly directory: string;
  readonly archiveDirectory: string | undefined;
  readonly config: StorageConfig;
  readonly manifest: ManifestStore;
  readonly catalog: Catalog;
  readonly clock: EngineClock;
  readonly events: EngineEvents;
  crash(error: unknown): void;
}

export class Storage {
  readonly #deps: StorageDeps;
  readonly #recovered: Recovered;
  readonly #checkpointer: Checkpointer;
  readonly #rewriter: Rewriter;
  readonly #coldTier: ColdTier | undefined;
  readonly #backups: Backups | undefined;
  #keeping: Promise<void> | undefined;

  private constructor(deps: StorageDeps, recovered: Recovered) {
    this.#deps = deps;
    this.#recovered = recovered;
    const { env, directory, config, manifest, catalog, clock, events } = deps;
    const { wal, segments, gone, ids, kept, room } = recovered;
    this.#checkpointer = new Checkpointer(
      {
        env,
        directory,
        config,
        manifest,
        wal,
        segments,
        room,
        events,
        topics: () => catalog.all(),
        topic: (id) => catalog.withId(id),
        seal: (topics) => recovered.sealer.sealThese(topics),
        nameKept: (numbers) => manifest.update((current) => ({ ...current, checkpoints: numbers })),
        gone: () => this.#gone(),
        forgetGone: (before) => gone.forget(before),
        nextTopicId: () => ids.next,
        nextStamp: () => clock.nextStamp(),
        nowMs: () => clock.nowMs(),
      },
      kept,
    );
    const topics = (): Iterable<Topic> => catalog.all();
    const { length: shards } = wal.shards;
    this.#rewriter = new Rewriter({ env, config, segments, events, room, shards, topics });
    const rescuer = new Rescuer({
      env,
      directory,
      archiveDirectory: deps.archiveDirectory,
      directoryId: manifest.current.directoryId,
      segments,
      events,
      topic: (id) => catalog.withId(id),
      logOf: (topicId) => {
        const shard = wal.shardOf(topicId);
        return { shard: shard.number, left: shard.files.all, end: shard.place() };
      },
      changed: () => this.#checkpointer.want(),
    });
    for (const one of recovered.topicDeps) one.rescue = (topicId, part) => rescuer.rescue(topicId, part);
    const { coldDirectory } = config;
    if (coldDirectory !== undefined)
      this.#coldTier = new ColdTier({ env, directory, coldDirectory, config, segments, events, topics });
    if (config.backupDirectory !== undefined)
      this.#backups = new Backups({
        env,
        directory: config.backupDirectory,
        dataDirectory: directory,
        manifest,
        wal,
        segments,
        checkpointer: this.#checkpointer,
        events,
        nextStamp: () => clock.nextStamp(),
        topics: () => [...catalog.all()].filter((topic) => topic.isLive).length,
      });
  }

  /** A log that is longer than a running server leaves it is cut short before anything is served (6.5). */
  static async start(deps: StorageDeps, recovered: Recovered): Promise<Storage> {
    const storage = new Storage(deps, recovered);
    const { shouldBeginAt, sealer, segments, room } = recovered;
    if (shouldBeginAt.some((index) => index !== undefined)) {
      // Else each start would leave a longer log to the next one, if none lives to seal what holds it back.
      await sealer.sealBefore(shouldBeginAt);
      await storage.#checkpointer.write();
    }
    await room.refill();
    await storage.#backups?.removeUnfinished();
    // Until now the start waited for it.
    segments.isUrgent = () => sealer.isUrgent;
    return storage;
  }

  /** Looks at what is due. */
  tend(): void {
    const { sealer, room } = this.#recovered;
    if (room.isShort) this.#follow(room.refill().then(() => undefined));
    sealer.tend();
    const written = this.#checkpointer.tend();
    if (written !== undefined) this.#follow(written.then((done) => (done ? this.#keep() : undefined)));
  }

  /** What a checkpoint has made possible: it is known by then what is dead, and what is old. */
  #keep(): Promise<void> {
    this.#keeping ??= this.#rewriter
      .run()
      .then((rewritten) => {
        if (rewritten) this.#checkpointer.want();
        return this.#coldTier?.run();
      })
      .finally(() => (this.#keeping = undefined));
    return this.#keeping;
  }

  #follow(work: Promise<void>): void {
    work.catch((error: unknown) => this.#deps.crash(error));
  }

  /** Before an append: while tails take far too much memory there is no room for more. */
  room(): Promise<void> | undefined {
    const { sealer } = this.#recovered;
    if (!sealer.overwhelmed) return undefined;
    if (sealer.failing)
      throw new TopicsError("throttled", "records cannot be sealed fast enough", { retry_after_ms: 1000 });
    return sealer.relieve();
  }

  /** The same for copies (3.2), which slow down before that: who writes comes first. */
  roomForCopies(): Promise<void> | undefined {
    const room = this.room();
    if (room !== undefined || !this.#recovered.sealer.isPressed) return room;
    return new Promise((resolve) => this.#deps.env.timers.rest(copiesRestMs, resolve));
  }

  async backup(name: string): Promise<BackupResult> {
    if (this.#backups === undefined)
      throw new TopicsError("not_found", "Backups are off here: TOPICS_BACKUP_DIR is not set.");
    return this.#backups.make(name);
  }

  /** It left the catalog. */
  topicGone(topic: Topic): void {
    assert(topic.isGone, "a topic that is gone leaves");
    const { wal, gone } = this.#recovered;
    const shard = shardNumber(topic.id, wal.shards.length);
    gone.add({ id: topic.id, op: topic.op, shard, before: wal.shards[shard].place() });
  }

  /** Nothing new is begun; what is being written comes to its end. */
  async stop(): Promise<void> {
    const { sealer } = this.#recovered;
    await Promise.all([this.#backups?.stop(), sealer.stop(), this.#rewriter.stop(), this.#coldTier?.stop()]);
    await this.#keeping;
  }

  /** When nothing is appended any more. */
  lastCheckpoint(): Promise<void> {
    return this.#checkpointer.stop();
  }

  async close(): Promise<void> {
    await this.#recovered.reserve.close();
    await this.#recovered.segments.files.close();
  }

  #gone(): { readonly id: number; readonly op: number }[] {
    const inCatalog = [...this.#deps.catalog.all()].filter((topic) => topic.isGone);
    return [...this.#recovered.gone.all, ...inCatalog.map(({ id, op }) => ({ id, op }))];
  }
}
