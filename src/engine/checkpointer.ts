/**
 * Writes checkpoints (spec 6.4): when enough was logged, when enough time has passed since something was, and at the end.
 * Writers are not stopped: topics are captured a few at a time, each with its own operation number, and what is written
 * while that goes on is behind the places to replay from.
 *
 * The order: places of all shards → capture → every shard synced as far as anything captured → `.del` synced → the file,
 * read back → the manifest → what no kept checkpoint needs goes: checkpoints, WAL files, segment files.
 */
import { CheckpointDamage } from "../checkpoint/damage.ts";
import { prune } from "../checkpoint/prune.ts";
import { writeCheckpoint } from "../checkpoint/writer.ts";
import { type Env, errnoOf } from "../env/env.ts";
import { isNoSpace } from "../storage/io.ts";
import type { ManifestStore } from "../storage/manifest.ts";
import { StartRefusal } from "../storage/refusal.ts";
import type { DiskRoom } from "../storage/room.ts";
import type { Topic } from "../topic/topic.ts";
import { comparePlaces, type LogPlace } from "../wal/commit.ts";
import { Capture, type StuckShards } from "./checkpoint-capture.ts";
import type { GoneTopic } from "./checkpoint-codec.ts";
import type { EngineEvents } from "./events.ts";
import { checkpointsKept, type KeptCheckpoint, readState } from "./kept-checkpoints.ts";
import type { Segments } from "./segments.ts";
import type { StorageConfig } from "./storage-config.ts";

/** What a checkpoint asks of the log. */
export interface CheckpointedLog {
  readonly shards: readonly {
    readonly number: number;
    readonly latched: boolean;
    readonly hung: boolean;
    place(): LogPlace;
    /** Everything logged by now is synced; `false` when that cannot be had any more. */
    synced(): Promise<boolean>;
    /** Goes on in another file, if it can. */
    rotate(): Promise<boolean>;
  }[];
  readonly synced: readonly LogPlace[];
  loggedBytes(): number;
  retire(keep: readonly LogPlace[]): Promise<number>;
}

export interface CheckpointerDeps {
  readonly env: Env;
  readonly directory: string;
  readonly config: StorageConfig;
  readonly manifest: ManifestStore;
  readonly wal: CheckpointedLog;
  readonly segments: Segments;
  readonly room: DiskRoom;
  readonly events: EngineEvents;
  topics(): Iterable<Topic>;
  topic(id: number): Topic | undefined;
  /** Seals what is in frames of these topics' tails, or was derived. */
  seal(topics: readonly Topic[]): Promise<void>;
  /** Names the checkpoints that are kept now, durably. */
  nameKept(numbers: readonly number[]): Promise<void>;
  /** Topics whose frames may still be met. */
  gone(): readonly GoneTopic[];
  /** Frames before these places, by shard, are not met any more. */
  forgetGone(before: readonly LogPlace[]): void;
  nextTopicId(): number;
  nextStamp(): number;
  nowMs(): number;
}

/** After a failure the next attempt waits this long, twice as long each time. */
const firstPauseMs = 1000;
const longestPauseMs = 60_000;
const shortDiskMs = 1000;

export class Checkpointer {
  readonly #deps: CheckpointerDeps;
  /** By backups in progress. */
  readonly #held = new Map<object, readonly KeptCheckpoint[]>();
  #kept: readonly KeptCheckpoint[];
  #working: Promise<boolean> | undefined;
  #loggedBytes = 0;
  #lastMs: number;
  #pauseMs = 0;
  #notBeforeMs = 0;
  #stopped = false;
  #wanted = false;
  /** The last attempt failed for want of space. */
  #short = false;

  /** `kept`: those that the start found good. */
  constructor(deps: CheckpointerDeps, kept: readonly KeptCheckpoint[]) {
    this.#deps = deps;
    this.#kept = kept;
    this.#lastMs = deps.env.clock.monotonicMs();
  }

  get kept(): readonly KeptCheckpoint[] {
    return this.#kept;
  }

  /** `owner` needs the checkpoints that are kept now, with their segment files and the log from their places on. */
  hold(owner: object): readonly KeptCheckpoint[] {
    const kept = this.#kept;
    this.#held.set(owner, kept);
    this.#deps.segments.hold(owner, new Set(kept.flatMap(({ segments }) => segments.map(({ file }) => file))));
    return kept;
  }

  letGo(owner: object): void {
    this.#held.delete(owner);
    this.#deps.segments.letGo(owner);
  }

  /** Begins one if it is due, and nothing is being written. */
  tend(): Promise<boolean> | undefined {
    const { env, config, wal, segments, room } = this.#deps;
    const nowMs = env.clock.monotonicMs();
    const logged = wal.loggedBytes() - this.#loggedBytes;
    // What only older checkpoints need goes when they do.
    const changed = logged > 0 || this.#wanted || (segments.outlived && this.#kept.length > 0);
    // On a full disk it is checkpoints that let go of files.
    const everyMs = room.isShort ? Math.min(config.checkpointMs, shortDiskMs) : config.checkpointMs;
    const due = logged >= config.checkpointBytes || (changed && nowMs - this.#lastMs >= everyMs);
    if (!due || nowMs < this.#notBeforeMs || this.#stopped || this.#working !== undefined) return undefined;
    return this.write();
  }

  /** Something changed that the log does not tell of. */
  want(): void {
    this.#wanted = true;
  }

  /** Resolves to whether one was written; several callers share one that has not begun yet. */
  async write(): Promise<boolean> {
    while (this.#working !== undefined) await this.#working;
    this.#working = this.#attempt();
    try {
      return await this.#working;
    } finally {
      this.#working = undefined;
    }
  }

  /** For a start, which cannot go on without it. */
  async writeOrFail(): Promise<void> {
    await this.#write();
  }

  /** The last one of a clean stop, if anything was logged since the one before. */
  async stop(): Promise<void> {
    this.#stopped = true;
    while (this.#working !== undefined) await this.#working;
    if (this.#deps.wal.loggedBytes() > this.#loggedBytes) await this.write();
  }

  async #attempt(): Promise<boolean> {
    const { env, room, wal, events } = this.#deps;
    try {
      // What a checkpoint makes superfluous is whole files: on a full disk no shard may go on in one that is needed.
      if (this.#short) await Promise.all(wal.shards.map((shard) => shard.rotate()));
      await this.#write();
      this.#pauseMs = 0;
      this.#short = false;
      return true;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined && !isFailure(error)) throw error;
      // On a full disk the next attempt has the room that was kept for it.
      const again = !this.#short;
      this.#short = isNoSpace(error);
      if (this.#short) await room.open();
      this.#pauseMs = Math.min(longestPauseMs, Math.max(firstPauseMs, this.#pauseMs * 2));
      this.#notBeforeMs = env.clock.monotonicMs() + (this.#short && again ? 0 : this.#pauseMs);
      events({ type: "checkpoint-failed", errno, reason: error instanceof Error ? error.message : String(error) });
      return false;
    }
  }

  async #write(): Promise<void> {
    const { env, directory, manifest, wal, segments, events } = this.#deps;
    const startedMs = env.clock.monotonicMs();
    const logged = wal.loggedBytes();
    const number = manifest.current.nextCheckpoint;
    const capture = new Capture(this.#deps, await this.#stuckShards());
    segments.hold(capture, capture.files);
    try {
      await capture.run();
      await this.#sealUnsynced(capture);
      await this.#syncShards(capture);
      await segments.flushDeletes(capture.files);
      // The numbers of attempts that failed are not given again: what they left may be there.
      await manifest.update((current) => ({ ...current, nextCheckpoint: number + 1 }));
      const stamp = this.#deps.nextStamp();
      const named = [...segments.named(capture.files), ...capture.stuckSegments];
      const head = { directoryId: manifest.current.directoryId, number, stamp };
      const { bytes } = await writeCheckpoint(env, directory, head, capture.sections(named));
      const kept: KeptCheckpoint = { number, bytes, stamp, from: capture.from, segments: named };
      await this.#keep(kept);
      this.#loggedBytes = logged;
      this.#wanted = false;
      this.#lastMs = env.clock.monotonicMs();
      const ms = Math.round(this.#lastMs - startedMs);
      const retired = await this.#retire();
      events({ type: "checkpoint-written", number, bytes, topics: capture.topics, ms, retired });
    } finally {
      segments.letGo(capture);
    }
  }

  /** Shards that take nothing any more: their topics stay as the checkpoint before has them. */
  async #stuckShards(): Promise<StuckShards> {
    const { env, directory, manifest, wal } = this.#deps;
    const stuck = wal.shards.filter((shard) => shard.latched || shard.hung).map((shard) => shard.number);
    const previous = this.#kept.at(-1);
    if (stuck.length === 0 || previous === undefined) return { shards: new Set(stuck), previous: undefined };
    const state = await readState(env, directory, manifest.current.directoryId, previous.number);
    if (typeof state === "string") throw new Unfinished(`the checkpoint before is not readable: ${state}`);
    return { shards: new Set(stuck), previous: state };
  }

  /** Copies that were derived from what cannot be synced have to be in segments before a checkpoint speaks of them. */
  async #sealUnsynced({ unsyncedSources }: Capture): Promise<void> {
    if (unsyncedSources.size === 0) return;
    const topics = [...unsyncedSources].map((id) => this.#deps.topic(id)).filter((topic) => topic !== undefined);
    await this.#deps.seal(topics);
    throw new Unfinished("copies were derived from a shard that is read-only, and are sealed first");
  }

  async #syncShards({ stuck }: Capture): Promise<void> {
    const shards = this.#deps.wal.shards.filter((shard) => !stuck.has(shard.number));
    const synced = await Promise.all(shards.map((shard) => shard.synced()));
    if (synced.includes(false)) throw new Unfinished("a shard became read-only meanwhile");
  }

  async #keep(kept: KeptCheckpoint): Promise<void> {
    const { segments } = this.#deps;
    const list = [...this.#kept, kept].slice(-checkpointsKept);
    const dropped = this.#kept.filter((one) => !list.includes(one));
    segments.hold(kept, new Set(kept.segments.map(({ file }) => file)));
    try {
      await this.#deps.nameKept(list.map((one) => one.number));
    } catch (error) {
      segments.letGo(kept);
      throw error;
    }
    for (const one of dropped) segments.letGo(one);
    this.#kept = list;
  }

  /** What none of the kept ones needs; with fewer than two of them everything stays. */
  async #retire(): Promise<number> {
    const { env, directory, manifest, wal, segments, events } = this.#deps;
    if (this.#kept.length < checkpointsKept) return 0;
    const needed = [...this.#kept, ...[...this.#held.values()].flat()];
    await prune(env, directory, [...manifest.current.checkpoints, ...needed.map(({ number }) => number)]);
    const from = wal.shards.map((_, shard) =>
      needed.map((one) => one.from[shard]).reduce((a, b) => (comparePlaces(a, b) < 0 ? a : b)),
    );
    this.#deps.forgetGone(from);
    const retired = await wal.retire(from);
    const removed = await segments.sweep();
    if (removed > 0) events({ type: "segments-removed", files: removed });
    this.#deps.room.close();
    await this.#deps.room.keep(reserveFor(this.#kept));
    return retired;
  }
}

/** Room for two checkpoints, with some growth. */
function reserveFor(kept: readonly KeptCheckpoint[]): number {
  const largest = Math.max(...kept.map((one) => one.bytes));
  const unit = 64 << 10;
  return Math.ceil((largest * 2.5) / unit) * unit;
}

/** What the disk gave back is not what was written, or is gone: like a call that fails. */
function isFailure(error: unknown): boolean {
  return error instanceof Unfinished || error instanceof CheckpointDamage || error instanceof StartRefusal;
}

/** A checkpoint that could not be finished, though no call failed. */
class Unfinished extends Error {
  override readonly name = "Unfinished";
}
