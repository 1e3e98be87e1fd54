/**
 * The files of a backup (spec 6.7): the kept checkpoints with the segment files that they name, the log from their places to
 * an end, and a manifest that names all of it and nothing else. What is never written again is linked where that can be;
 * everything is synced.
 */
import { type Env, errnoOf } from "../env/env.ts";
import { type DeleteStop, takeDeletes } from "../segment/delete-file.ts";
import { writeNewFile } from "../storage/atomic-file.ts";
import { copyFile, linkOrCopy } from "../storage/copy-file.ts";
import {
  checkpointFileName,
  deleteFileName,
  joinPath,
  manifestName,
  segmentFileName,
  walFileName,
} from "../storage/layout.ts";
import { encodeManifest, type Manifest } from "../storage/manifest.ts";
import { damage, StartRefusal } from "../storage/refusal.ts";
import { comparePlaces, type LogPlace } from "../wal/commit.ts";
import { copyLogEnd } from "../wal/copy-log.ts";
import type { LeftFile } from "../wal/log-files.ts";
import type { KeptCheckpoint } from "./kept-checkpoints.ts";
import type { NamedSegment } from "./segments.ts";

/** How far it goes on one shard. */
export interface ShardEnd {
  /** Files before, which were left for others, oldest first. */
  readonly left: readonly LeftFile[];
  /** Where a frame ends; all before it is synced. `undefined`: nothing was ever logged. */
  readonly end: LogPlace | undefined;
  /** When that was the end of it, for the final frame; `undefined` when there is to be none. */
  readonly stamp: number | undefined;
}

export interface BackupSource {
  readonly env: Env;
  readonly directory: string;
  readonly manifest: Manifest;
  /** They, and what they need, stay as they are for as long as it takes. */
  readonly kept: readonly KeptCheckpoint[];
  readonly shards: readonly ShardEnd[];
  /** Where a segment file is now; it may be moved meanwhile. */
  segmentPath(file: number): string;
  /** Asked between two pieces of work; what it throws ends all of it. */
  between(): void;
}

export interface BackupSize {
  readonly files: number;
  readonly bytes: number;
}

/** Into the empty directory `to`, whose entries are the caller's to sync. */
export async function writeBackup(source: BackupSource, to: string): Promise<BackupSize> {
  const content = new Content(source, to);
  await content.addAll();
  return content;
}

class Content implements BackupSize {
  files = 0;
  bytes = 0;
  readonly #source: BackupSource;
  readonly #to: string;

  constructor(source: BackupSource, to: string) {
    this.#source = source;
    this.#to = to;
  }

  async addAll(): Promise<void> {
    const { kept, shards } = this.#source;
    for (const { number } of kept) await this.#link(checkpointFileName(number));
    for (const segment of segmentsOf(kept)) await this.#addSegment(segment);
    const files: number[][] = [];
    for (const [shard, end] of shards.entries()) files.push(await this.#addLog(shard, end));
    await this.#addManifest(files);
  }

  async #addSegment({ file, bytes, deletes }: NamedSegment): Promise<void> {
    const { env, directory, manifest } = this.#source;
    const found = await this.#whereverItIs(file);
    if (found !== bytes)
      throw damage(`a segment file has ${found} bytes, not ${bytes}`, { file: this.#source.segmentPath(file) });
    this.#count(found);
    if (deletes === undefined) return;
    const name = deleteFileName(file);
    const [from, to] = [joinPath(directory, name), joinPath(this.#to, name)];
    this.#count(await copyFile(env.fs, from, to, { bytes: deletes.bytes, between: () => this.#source.between() }));
    const stop = await takeDeletes(env, to, manifest.directoryId, file, deletes, () => this.#source.between());
    if (stop !== undefined) throw refusedDeletes(stop, from);
  }

  async #whereverItIs(file: number): Promise<number> {
    for (;;) {
      const path = this.#source.segmentPath(file);
      try {
        return await this.#linked(path, segmentFileName(file));
      } catch (error) {
        if (errnoOf(error) !== "ENOENT" || this.#source.segmentPath(file) === path) throw error;
      }
    }
  }

  /** Gives the indices of the shard's files. */
  async #addLog(shard: number, { left, end, stamp }: ShardEnd): Promise<number[]> {
    const { env, directory, kept, shards } = this.#source;
    // Without a checkpoint all of the log is needed; it begins with the first of all files then.
    const isNeeded = ({ index, end: position }: LeftFile): boolean =>
      kept.length === 0 || kept.some(({ from }) => comparePlaces({ index, position }, from[shard]) > 0);
    const needed = left.filter(isNeeded);
    for (const { index } of needed) await this.#link(walFileName(shard, index));
    if (end === undefined) return needed.map(({ index }) => index);
    const name = walFileName(shard, end.index);
    const copied = await copyLogEnd(env, {
      from: joinPath(directory, name),
      to: joinPath(this.#to, name),
      shard,
      index: end.index,
      end: end.position,
      stamp,
      synced: shards.map((other) => other.end ?? { index: 0, position: 0 }),
      between: () => this.#source.between(),
    });
    this.#count(copied);
    return [...needed.map(({ index }) => index), end.index];
  }

  /** Of layouts that have ended nothing is left, and of a cold tier neither. */
  async #addManifest(files: readonly (readonly number[])[]): Promise<void> {
    const { env, manifest, kept } = this.#source;
    const { directoryId, layouts, idCeiling, nextCheckpoint, parent } = manifest;
    const ended = layouts.slice(0, -1).map((layout) => ({ ...layout, files: layout.files.map(() => []) }));
    const content = encodeManifest({
      directoryId,
      layouts: [...ended, { shards: files.length, files }],
      nextIndex: Math.max(manifest.nextIndex, ...files.flat().map((index) => index + 1)),
      idCeiling,
      generation: manifest.generation + 1,
      checkpoints: kept.map(({ number }) => number),
      nextCheckpoint,
      ...(parent === undefined ? {} : { parent }),
    });
    await writeNewFile(env.fs, joinPath(this.#to, manifestName), content);
    this.#count(content.length);
  }

  async #link(name: string): Promise<void> {
    this.#count(await this.#linked(joinPath(this.#source.directory, name), name));
  }

  #linked(from: string, name: string): Promise<number> {
    this.#source.between();
    const between = (): void => this.#source.between();
    return linkOrCopy(this.#source.env.fs, from, joinPath(this.#to, name), { between });
  }

  #count(bytes: number): void {
    this.files++;
    this.bytes += bytes;
  }
}

/** Each with as much of its `.del` as the newest of the checkpoints knows. */
function segmentsOf(kept: readonly KeptCheckpoint[]): NamedSegment[] {
  const named = new Map<number, NamedSegment>();
  for (const { segments } of kept) for (const segment of segments) named.set(segment.file, segment);
  return [...named.values()].sort((a, b) => a.file - b.file);
}

export function refusedDeletes({ at, reason, isVersion }: DeleteStop, file: string): StartRefusal {
  if (isVersion === true) return new StartRefusal("version", reason, { file });
  return damage(`a delete file is damaged: ${reason}`, { file, offset: at });
}
