/**
 * The write-ahead log of a directory (spec 6.2): its shards, and how a start begins a new file on each of them (6.5).
 */
import { assert } from "../base/assert.ts";
import { type Env, errnoOf } from "../env/env.ts";
import type { ManifestStore } from "../storage/manifest.ts";
import { StartRefusal } from "../storage/refusal.ts";
import { carryTail, measureTail, type TailRange } from "./carry.ts";
import type { FrameFields, LogPlace } from "./commit.ts";
import { firstStepBytes, type WalConfig } from "./config.ts";
import { DraftArena } from "./draft-arena.ts";
import type { WalEvents } from "./events.ts";
import { firstFrameAt, type Predecessor } from "./file-header.ts";
import { type FrameDraft, preparedUnit } from "./frame.ts";
import type { LeftFile } from "./log-files.ts";
import type { RecoveredShard, RecoveredWal } from "./recovery.ts";
import { Retirement } from "./retire.ts";
import { Shard } from "./shard.ts";
import { type Lineage, succeed, withFiles } from "./successor.ts";
import { WalFile } from "./wal-file.ts";

export interface WalDeps {
  readonly env: Env;
  readonly directory: string;
  readonly config: WalConfig;
  readonly manifest: ManifestStore;
  readonly events: WalEvents;
  nextStamp(): number;
  noteLatch(shard: number): Promise<void>;
  crash(error: unknown): void;
}

/** A frame that recovery adds: what it found out, durable before anything is served. */
export interface Finding {
  readonly fields: FrameFields;
  readonly payload: Uint8Array;
}

export class Wal {
  readonly shards: readonly Shard[];
  readonly #retirement: Retirement;

  private constructor(shards: readonly Shard[], retirement: Retirement) {
    this.shards = shards;
    this.#retirement = retirement;
  }

  /**
   * Begins a new file per shard with what is kept of its tail and with the findings, all synced before its header; then
   * one manifest switches all shards. Interrupted anywhere, the next start comes to the same.
   */
  static async start(deps: WalDeps, recovered: RecoveredWal, findings: readonly (readonly Finding[])[]): Promise<Wal> {
    const { env, directory, manifest, config } = deps;
    const named = manifest.current;
    const generation = named.generation + 1;
    let index = Math.max(named.nextIndex, recovered.greatestIndex + 1);
    const nextIndex = (): number => index++;
    const started: { shard: Shard; file: WalFile }[] = [];
    for (const shard of recovered.shards) {
      const lineage: Lineage = {
        directoryId: named.directoryId,
        layout: named.layouts.length - 1,
        shard: shard.shard,
        shards: recovered.shards.length,
        generation,
      };
      const tail = await tailOf(deps, recovered, shard, lineage.shards);
      const file = await beginFile(deps, recovered, tail, lineage, nextIndex(), findings[shard.shard] ?? []);
      const shardDeps = {
        env,
        directory,
        config,
        manifest,
        lineage,
        places: recovered.places,
        events: deps.events,
        nextIndex,
        nextStamp: () => deps.nextStamp(),
        noteLatch: (number: number) => deps.noteLatch(number),
        crash: (error: unknown) => deps.crash(error),
      };
      started.push({ shard: new Shard(shardDeps, file, leftFiles(shard, tail)), file });
    }
    for (const { shard, file } of started)
      recovered.places.learn(shard.number, { index: file.index, position: file.syncedEnd });
    const files = started.map(({ shard, file }) => ({ shard: shard.number, index: file.index }));
    await manifest.update((current) => ({ ...withFiles(current, [...recovered.unnamed, ...files]), generation }));
    await Promise.all(started.map(({ shard }) => shard.prepare()));
    const shards = started.map(({ shard }) => shard);
    const retirement = new Retirement(
      {
        env,
        directory,
        directoryId: named.directoryId,
        archiveDirectory: config.archiveDirectory,
        events: deps.events,
        manifest,
        files: shards.map(({ files }) => files),
      },
      recovered.leftovers,
    );
    return new Wal(shards, retirement);
  }

  /** A topic lives on one shard for good: a hash of its id that no version may change. */
  shardOf(topicId: number): Shard {
    return this.shards[shardNumber(topicId, this.shards.length)];
  }

  get latched(): number[] {
    return this.shards.filter((shard) => shard.latched).map((shard) => shard.number);
  }

  /** Bytes of frames logged since the start. */
  loggedBytes(): number {
    return this.shards.reduce((sum, shard) => sum + shard.loggedBytes, 0);
  }

  /**
   * Drops every file that lies wholly before `keep`, by shard the earliest place that a kept checkpoint or a backup still
   * needs; says how many. A file that the archive does not take stays, and so do the ones behind it.
   */
  retire(keep: readonly LogPlace[]): Promise<number> {
    assert(keep.length === this.shards.length, "there is a place for every shard");
    return this.#retirement.run(keep);
  }

  async close(nextStamp: () => number): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.close(nextStamp())));
    await this.#retirement.settled();
  }

  abort(): void {
    for (const shard of this.shards) shard.abort();
  }
}

/** Fibonacci hashing of the id; the upper bits, so that consecutive ids spread over any number of shards. */
export function shardNumber(topicId: number, shards: number): number {
  assert(topicId > 0, "topic ids begin at 1");
  return (Math.imul(topicId, 0x9e37_79b1) >>> 16) % shards;
}

async function beginFile(
  deps: WalDeps,
  recovered: RecoveredWal,
  tail: KeptTail,
  lineage: Lineage,
  index: number,
  findings: readonly Finding[],
): Promise<WalFile> {
  const { env, directory, config } = deps;
  const arena = new DraftArena(lineage.shards);
  const drafts = findings.map((finding) => arena.copyOf(finding.fields, finding.payload));
  const carriedBytes = tail.bytes + drafts.reduce((sum, draft) => sum + draft.bytes.length, 0);
  const spare = Math.min(firstStepBytes, config.fileBytes);
  const length = Math.ceil((firstFrameAt + carriedBytes + spare) / preparedUnit) * preparedUnit;
  try {
    const file = await WalFile.prepare(env, directory, lineage.shard, index, length);
    await succeed(env, file, {
      lineage,
      predecessor: tail.predecessor,
      stamp: deps.nextStamp(),
      synced: recovered.places.all,
      carried: chain(tail.range ? carryTail(env, tail.range, arena) : undefined, drafts),
      carriedBytes,
    });
    return file;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "ENOSPC" && errno !== "EDQUOT") throw error;
    throw new StartRefusal("space", `no space to start: shard ${lineage.shard} needs ${length} bytes in ${directory}`);
  }
}

async function* chain(
  tail: AsyncGenerator<readonly FrameDraft[]> | undefined,
  drafts: readonly FrameDraft[],
): AsyncGenerator<readonly FrameDraft[]> {
  if (tail) yield* tail;
  if (drafts.length > 0) yield drafts;
}

interface KeptTail {
  readonly predecessor: Predecessor;
  readonly range: TailRange | undefined;
  readonly bytes: number;
}

/** The files that the shard's new one continues, each with the end that the next one declares. */
function leftFiles({ files }: RecoveredShard, { predecessor }: KeptTail): LeftFile[] {
  return files.map(({ header }, at) => ({
    index: header.index,
    end: (files.at(at + 1)?.header.predecessor ?? predecessor).end,
  }));
}

/** What lies between the last place known to be synced, which the new header declares, and the last good frame. */
async function tailOf(
  deps: WalDeps,
  recovered: RecoveredWal,
  shard: RecoveredShard,
  shards: number,
): Promise<KeptTail> {
  const { last, scanned } = shard;
  if (!last || !scanned) return { predecessor: { index: 0, end: 0, hash: 0n }, range: undefined, bytes: 0 };
  const known = recovered.places.of(shard.shard);
  const fileIndex = last.header.index;
  assert(known.index === fileIndex && known.position <= scanned.end, "what is known to be synced was judged");
  assert(scanned.hash !== undefined, "the hash that the log ends with is known");
  if (known.position === scanned.end)
    return { predecessor: { index: fileIndex, end: scanned.end, hash: scanned.hash }, range: undefined, bytes: 0 };
  const expected = { shard: shard.shard, shards, fileIndex };
  const range: TailRange = { path: last.path, expected, from: known.position, to: scanned.end };
  const { bytes, startHash } = await measureTail(deps.env, range);
  assert(startHash !== undefined, "a tail begins with a frame");
  return { predecessor: { index: fileIndex, end: known.position, hash: startHash }, range, bytes };
}
