/**
 * `topics backup DATA_DIR TARGET` (spec 6.7): a backup of a directory that no server has open. One that was stopped in order
 * is copied as it is. Of any other the copy goes through the start that a server would make of it, and ends like a clean
 * stop, too; the directory itself stays as it was found.
 */
import { type ShardEnd, writeBackup } from "../engine/backup-content.ts";
import type { KeptCheckpoint, OpenedState } from "../engine/kept-checkpoints.ts";
import { type Env, errnoOf } from "../env/env.ts";
import { joinPath, segmentFileName, walFileName } from "../storage/layout.ts";
import { DirectoryLock, shareLock } from "../storage/lock.ts";
import type { Manifest } from "../storage/manifest.ts";
import { NewDirectory } from "../storage/new-directory.ts";
import { StartRefusal } from "../storage/refusal.ts";
import { discoverChains } from "../wal/chain.ts";
import { cacheIsWitness, endsClean } from "../wal/recovery.ts";
import { judge, type ReplayDeps, type ReplayedShard, replayShard } from "../wal/replay.ts";
import { replayStart } from "../wal/replay-start.ts";
import { SyncedPlaces } from "../wal/synced-places.ts";
import type { Progress } from "./progress.ts";
import { readManifest } from "./read-manifest.ts";
import { readStates } from "./read-states.ts";
import { directorySize, type Started, startAndStop } from "./start-and-stop.ts";

export interface BackupOptions {
  readonly env: Env;
  readonly directory: string;
  readonly cold: string | undefined;
  readonly target: string;
  readonly progress: Progress;
}

export interface BackupReport {
  readonly target: string;
  readonly directoryId: string;
  readonly bytes: number;
  readonly files: number;
  /** The directory was stopped in order. */
  readonly clean: boolean;
  /** Bytes of a torn tail that were left out. */
  readonly cutBytes: number;
  readonly holes: readonly { readonly topic: string; readonly from: number; readonly to: number }[];
}

/** Rejects with a `StartRefusal`, `NameTaken`, or the errno of the disk. */
export async function backup(options: BackupOptions): Promise<BackupReport> {
  const { env, directory, target } = options;
  const manifest = await readManifest(env, directory);
  const lock = await lockDirectory(env, directory);
  try {
    const states = await readStates(env, directory, manifest);
    const shards = await readLog(env, directory, manifest, states.at(-1));
    const made = await NewDirectory.begin(env.fs, target, manifest.directoryId);
    try {
      const report = await new Copy(options, manifest, lock).make(
        states.map(({ kept }) => kept),
        shards,
        made.path,
      );
      await made.finish();
      return report;
    } catch (error) {
      await made.abandon();
      throw error;
    }
  } finally {
    await lock.release();
  }
}

interface HeldLock {
  readonly latchNoted: boolean;
  noteLatch(shard: number): Promise<void>;
  release(): Promise<void>;
}

/** Nobody else has it. What is read-only can't be locked as a server does it, and no server can be at work there. */
async function lockDirectory(env: Env, directory: string): Promise<HeldLock> {
  try {
    return await DirectoryLock.take(env, directory);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "EROFS" && errno !== "EACCES" && errno !== "EPERM") throw error;
  }
  const lock = await shareLock(env, directory);
  if (lock.outcome === "busy")
    throw new StartRefusal("busy", `${directory} is in use by another process: ${lock.holder}`);
  const release = lock.outcome === "held" ? () => lock.release() : () => Promise.resolve();
  // Nothing is known of syncs that failed.
  return { latchNoted: true, noteLatch: () => Promise.resolve(), release };
}

/** The log of every shard as a start would find it; nothing is written. */
async function readLog(
  env: Env,
  directory: string,
  { layouts, directoryId }: Manifest,
  opened: OpenedState | undefined,
): Promise<readonly ReplayedShard[]> {
  const chains = await discoverChains(env, directory, directoryId, layouts, layouts.length - 1);
  const places = new SyncedPlaces(chains.shards.length);
  for (const known of [opened?.whole.from, opened?.whole.synced])
    known?.forEach((place, shard) => places.learn(shard, place));
  const deps: ReplayDeps = {
    env,
    places,
    visit: () => undefined,
    observe: () => undefined,
    progress: () => undefined,
    topicName: () => undefined,
    breathe: () => undefined,
  };
  const shards: ReplayedShard[] = [];
  for (const [shard, chain] of chains.shards.entries()) {
    const pathOf = (index: number): string => joinPath(directory, walFileName(shard, index));
    const start = replayStart(chain, opened?.whole.from[shard], pathOf);
    shards.push(await replayShard(deps, shard, chains.shards.length, chain, start));
  }
  for (const end of shards) judge(deps, end);
  return shards;
}

class Copy {
  readonly #options: BackupOptions;
  readonly #manifest: Manifest;
  readonly #lock: HeldLock;

  constructor(options: BackupOptions, manifest: Manifest, lock: HeldLock) {
    this.#options = options;
    this.#manifest = manifest;
    this.#lock = lock;
  }

  async make(kept: readonly KeptCheckpoint[], shards: readonly ReplayedShard[], to: string): Promise<BackupReport> {
    const { env, target } = this.#options;
    await this.#copy(kept, shards, to);
    const clean = shards.every((end) => end.last?.named === true && endsClean(end));
    const started = clean ? undefined : await this.#startAndStop(to, shards);
    const cutBytes = shards.reduce((sum, end) => sum + tornBytes(end), 0);
    const size = await directorySize(env, to);
    const { directoryId } = this.#manifest;
    return { target, directoryId, ...size, clean, cutBytes, holes: started?.holes ?? [] };
  }

  async #copy(kept: readonly KeptCheckpoint[], shards: readonly ReplayedShard[], to: string): Promise<void> {
    const { env, directory, cold, progress } = this.#options;
    const hot = new Set(await env.fs.readdir(directory));
    const source = {
      env,
      directory,
      manifest: this.#manifest,
      kept,
      shards: shards.map(endOf),
      segmentPath: (file: number) => {
        const name = segmentFileName(file);
        progress.at(name);
        return joinPath(hot.has(name) || cold === undefined ? directory : cold, name);
      },
      between: () => undefined,
    };
    await writeBackup(source, to);
  }

  /** What a server would make of the directory, made of its copy. */
  async #startAndStop(to: string, shards: readonly ReplayedShard[]): Promise<Started> {
    const { env } = this.#options;
    const { latchNoted } = this.#lock;
    const deps = { env, latchNoted, noteLatch: (shard: number) => this.#lock.noteLatch(shard) };
    const witnesses: boolean[] = [];
    for (const { shard, last } of shards) witnesses.push(await cacheIsWitness(deps, shard, last));
    return startAndStop(env, to, { witnesses });
  }
}

function endOf({ files, last, scanned }: ReplayedShard): ShardEnd {
  const left = files.slice(0, -1).map(({ header: { index } }, at) => ({
    index,
    end: files[at + 1].header.predecessor.end,
  }));
  const end = last && scanned && { index: last.header.index, position: scanned.end };
  // Where there is no final frame the start that follows sees to one.
  return { left, end, stamp: undefined };
}

function tornBytes({ tail, scanned }: ReplayedShard): number {
  return tail === undefined || scanned === undefined ? 0 : Math.max(0, tail.writtenEnd - scanned.end);
}
