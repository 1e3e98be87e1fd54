/**
 * Backups of a running engine (spec 6.7): the kept checkpoints with everything that they need, and the log up to places that
 * are taken of all shards in one tick. It ends like a clean stop, and appears under its name as a whole.
 *
 * Nobody waits for it: what is never written again is linked, the rest copied a piece at a time, and what it needs is held
 * meanwhile. One at a time.
 */
import { TopicsError } from "../base/errors.ts";
import { maxBackupNameLength, wrongBackupName } from "../base/names.ts";
import { type Env, errnoOf } from "../env/env.ts";
import { joinPath } from "../storage/layout.ts";
import type { ManifestStore } from "../storage/manifest.ts";
import { NameTaken, NewDirectory, removeUnfinished } from "../storage/new-directory.ts";
import { StartRefusal } from "../storage/refusal.ts";
import type { LogPlace } from "../wal/commit.ts";
import type { Wal } from "../wal/wal.ts";
import type { BackupResult } from "./api.ts";
import { type ShardEnd, writeBackup } from "./backup-content.ts";
import type { Checkpointer } from "./checkpointer.ts";
import { makeDirectory } from "./directory.ts";
import type { EngineEvents } from "./events.ts";
import type { Segments } from "./segments.ts";

export interface BackupsDeps {
  readonly env: Env;
  /** Where they go. */
  readonly directory: string;
  readonly dataDirectory: string;
  readonly manifest: ManifestStore;
  readonly wal: Wal;
  readonly segments: Segments;
  readonly checkpointer: Checkpointer;
  readonly events: EngineEvents;
  nextStamp(): number;
  /** Topics that there are now. */
  topics(): number;
}

/** More than so many at a time are told to come back. */
const mostAsked = 16;
/** A file may be given up for another one while its end is being synced; more often than this it is not. */
const attempts = 5;

interface Ends {
  readonly shards: readonly ShardEnd[];
  readonly topics: number;
}

export class Backups {
  readonly #deps: BackupsDeps;
  /** The one that is being made, and those that wait for their turn. */
  readonly #asked = new Set<string>();
  #made: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(deps: BackupsDeps) {
    this.#deps = deps;
  }

  /** Rejects with a `TopicsError`. */
  async make(name: string): Promise<BackupResult> {
    const wrong = wrongBackupName(name);
    if (wrong !== undefined)
      throw new TopicsError(
        "invalid_request",
        `The name of a backup is one segment of a path, of at most ${maxBackupNameLength} characters and without a dot at the start; this one ${wrong}.`,
        { field: "name" },
      );
    if (this.#asked.has(name)) throw taken(name);
    if (this.#asked.size >= mostAsked)
      throw new TopicsError("throttled", "Other backups are being made; they come one at a time.", {
        limit: "max_backups",
        max: mostAsked,
        retry_after_ms: 1000,
      });
    this.#asked.add(name);
    const made = this.#made.then(() => this.#attempt(name)).finally(() => this.#asked.delete(name));
    this.#made = made.catch(() => undefined);
    return made;
  }

  /** What an earlier process has begun and not finished. */
  async removeUnfinished(): Promise<void> {
    const { env, directory, manifest, events } = this.#deps;
    try {
      if ((await env.fs.stat(directory)) === undefined) return;
      await removeUnfinished(env.fs, directory, manifest.current.directoryId);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      events({ type: "storage-failed", work: "removing unfinished backups", errno });
    }
  }

  /** One in progress is given up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#made;
  }

  async #attempt(name: string): Promise<BackupResult> {
    const { env, directory, events } = this.#deps;
    const startedMs = env.clock.monotonicMs();
    try {
      this.#goOn();
      await makeDirectory(env, directory);
      if ((await env.fs.stat(joinPath(directory, name))) !== undefined) throw taken(name);
      const result = await this.#make(name);
      const { files, bytes } = result;
      events({ type: "backup-made", name, files, bytes, ms: Math.round(env.clock.monotonicMs() - startedMs) });
      return result;
    } catch (error) {
      if (error instanceof NameTaken) throw taken(name);
      if (error instanceof TopicsError) throw error;
      const errno = errnoOf(error);
      if (errno === undefined && !(error instanceof StartRefusal)) throw error;
      const reason = (error as Error).message;
      events({ type: "backup-failed", name, errno, reason });
      throw new TopicsError("internal", `The backup could not be made: ${errno ?? reason}.`, {
        backup: name,
        ...(errno === undefined ? {} : { errno }),
      });
    }
  }

  async #make(name: string): Promise<BackupResult> {
    const { env, directory, dataDirectory, checkpointer, manifest, segments } = this.#deps;
    if (!(await checkpointer.write())) throw unavailable("no checkpoint could be written");
    const kept = checkpointer.hold(this);
    try {
      const { shards, topics } = await this.#ends();
      const made = await NewDirectory.begin(env.fs, joinPath(directory, name), manifest.current.directoryId);
      try {
        const source = {
          env,
          directory: dataDirectory,
          manifest: manifest.current,
          kept,
          shards,
          segmentPath: (file: number) => segments.files.path(file),
          between: () => this.#goOn(),
        };
        const { files, bytes } = await writeBackup(source, made.path);
        await made.finish();
        return { name, bytes, files, topics };
      } catch (error) {
        await made.abandon();
        throw error;
      }
    } finally {
      checkpointer.letGo(this);
    }
  }

  /** The ends of all shards in one tick, synced by the time they are known. A read-only shard ends where it is synced. */
  async #ends(): Promise<Ends> {
    const { wal } = this.#deps;
    for (let attempt = 0; attempt < attempts; attempt++) {
      this.#goOn();
      const shards = wal.shards.map((shard): ShardEnd => {
        const end = shard.latched ? wal.synced[shard.number] : shard.place();
        const left = shard.files.all.filter(({ index }) => index < end.index);
        return { left, end, stamp: this.#deps.nextStamp() };
      });
      const topics = this.#deps.topics();
      const synced = await Promise.all(wal.shards.map(async (shard) => shard.latched || shard.synced()));
      if (wal.shards.some((shard, number) => !synced[number] && !shard.latched))
        throw unavailable("the log cannot be synced");
      if (!synced.includes(false) && shards.every(({ end }, shard) => this.#isThere(shard, end!)))
        return { shards, topics };
    }
    throw unavailable("the log does not come to rest");
  }

  /** What was written up to there is still in that file, and not in another that it was given up for. */
  #isThere(shard: number, { index, position }: LogPlace): boolean {
    const left = this.#deps.wal.shards[shard].files.all.find((file) => file.index === index);
    return left === undefined || left.end >= position;
  }

  #goOn(): void {
    if (this.#stopped) throw new TopicsError("shutting_down", "the server is stopping");
  }
}

function taken(name: string): TopicsError {
  return new TopicsError("backup_exists", `There is a backup of that name already: ${name}.`, { backup: name });
}

function unavailable(why: string): TopicsError {
  return new TopicsError("wal_unavailable", `No backup can be made now: ${why}.`);
}
