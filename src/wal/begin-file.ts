/**
 * The file that a start begins for a shard (spec 6.5): what is kept of the tail that was never synced and what recovery
 * has found, synced ahead of the header, which declares the end of the file before.
 */
import { assert } from "../base/assert.ts";
import { type Env, errnoOf } from "../env/env.ts";
import { StartRefusal } from "../storage/refusal.ts";
import { carryTail, measureTail, type TailRange } from "./carry.ts";
import type { FrameFields } from "./commit.ts";
import { firstStepBytes, type WalConfig } from "./config.ts";
import { DraftArena } from "./draft-arena.ts";
import { firstFrameAt, type Predecessor } from "./file-header.ts";
import { type FrameDraft, preparedUnit, type SyncedPlace } from "./frame.ts";
import type { LeftFile } from "./log-files.ts";
import type { RecoveredShard } from "./recovery.ts";
import { type Lineage, succeed } from "./successor.ts";
import type { SyncedPlaces } from "./synced-places.ts";
import { WalFile } from "./wal-file.ts";

/** A frame that recovery adds: what it found out, durable before anything is served. */
export interface Finding {
  readonly fields: FrameFields;
  readonly payload: Uint8Array;
}

export interface KeptTail {
  readonly predecessor: Predecessor;
  readonly range: TailRange | undefined;
  readonly bytes: number;
}

/** The first file of a shard continues nothing. */
export const noTail: KeptTail = { predecessor: { index: 0, end: 0, hash: 0n }, range: undefined, bytes: 0 };

export interface BeginDeps {
  readonly env: Env;
  readonly directory: string;
  readonly config: WalConfig;
  nextStamp(): number;
}

export interface Beginning {
  readonly lineage: Lineage;
  readonly index: number;
  readonly tail: KeptTail;
  readonly findings: readonly Finding[];
  readonly synced: readonly SyncedPlace[];
}

/** When it resolves the file is part of the log, though no manifest names it yet. */
export async function beginFile(deps: BeginDeps, beginning: Beginning): Promise<WalFile> {
  const { env, directory, config } = deps;
  const { lineage, index, tail, findings, synced } = beginning;
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
      synced,
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

/** What lies between the last place known to be synced, which the new header declares, and the last good frame. */
export async function keptTail(env: Env, end: RecoveredShard, shards: number, places: SyncedPlaces): Promise<KeptTail> {
  const { last, scanned, shard } = end;
  if (!last || !scanned) return noTail;
  const known = places.of(shard);
  const fileIndex = last.header.index;
  assert(known.index === fileIndex && known.position <= scanned.end, "what is known to be synced was judged");
  assert(scanned.hash !== undefined, "the hash that the log ends with is known");
  if (known.position === scanned.end)
    return { predecessor: { index: fileIndex, end: scanned.end, hash: scanned.hash }, range: undefined, bytes: 0 };
  const range = { path: last.path, expected: { shard, shards, fileIndex }, from: known.position, to: scanned.end };
  const { bytes, startHash } = await measureTail(env, range);
  assert(startHash !== undefined, "a tail begins with a frame");
  return { predecessor: { index: fileIndex, end: known.position, hash: startHash }, range, bytes };
}

/** The files that the shard's new one continues, each with the end that the next one declares. */
export function leftFiles({ files }: RecoveredShard, { predecessor }: KeptTail): LeftFile[] {
  return files.map(({ header }, at) => ({
    index: header.index,
    end: (files.at(at + 1)?.header.predecessor ?? predecessor).end,
  }));
}
