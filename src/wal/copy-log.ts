/**
 * The last file of a shard's log in a backup (spec 6.7): a copy up to a place, and then, if it is wanted, a clean stop: what
 * the copied frames say is all that the backup's log says, and it is synced, so that no ceiling needs to be above its head.
 */
import type { Env } from "../env/env.ts";
import { copyFile } from "../storage/copy-file.ts";
import { writeFully } from "../storage/io.ts";
import { damage } from "../storage/refusal.ts";
import { frameKind } from "./commit.ts";
import { DraftArena } from "./draft-arena.ts";
import { firstFrameAt } from "./file-header.ts";
import { preparedUnit, sealFrame, type SyncedPlace } from "./frame.ts";
import { ownFrame } from "./own-frames.ts";
import { readHeader } from "./read-header.ts";
import { scanFrames } from "./scan.ts";

export interface LogEnd {
  readonly from: string;
  readonly to: string;
  readonly shard: number;
  readonly index: number;
  /** Where a frame ends; all before it is synced. */
  readonly end: number;
  /** Of the final frame; without one the copy ends as the file does. */
  readonly stamp: number | undefined;
  /** By shard, how far the backup goes. */
  readonly synced: readonly SyncedPlace[];
  readonly between?: (() => void) | undefined;
}

/** Says how long the copy is. It was read back, frame by frame; what is damaged is refused. */
export async function copyLogEnd(env: Env, log: LogEnd): Promise<number> {
  const { from, to, shard, index, end } = log;
  await copyFile(env.fs, from, to, { bytes: end, between: log.between });
  const read = await readHeader(env, to);
  if (read.outcome !== "header") throw damage("the header of a WAL file is not valid", { file: from, offset: 0 });
  const { header } = read;
  const shards = log.synced.length;
  if (header.shard !== shard || header.index !== index || header.shards !== shards)
    throw damage("a WAL file at the wrong place", { file: from, offset: 0 });
  const file = await env.fs.open(to, "write");
  try {
    const expected = { shard, shards, fileIndex: index };
    const range = { expected, from: firstFrameAt, startHash: read.hash, declaredEnd: end, fileBytes: end };
    const scanned = await scanFrames(file, range, () => undefined);
    if (scanned.end !== end) throw damage("a WAL file is damaged", { file: from, offset: scanned.end });
    let bytes = Math.max(header.preparedBytes, scanned.preparedBytes);
    if (log.stamp !== undefined && scanned.lastKind !== frameKind.final) {
      const draft = ownFrame(new DraftArena(shards), "final", log.stamp);
      bytes = Math.max(bytes, Math.ceil((end + draft.bytes.length) / preparedUnit) * preparedUnit);
      sealFrame(draft, {
        shard,
        fileIndex: index,
        generation: header.generation,
        offset: end,
        predecessorHash: scanned.hash ?? read.hash,
        preparedBytes: bytes,
        synced: log.synced,
      });
      await writeFully(file, [draft.bytes], end);
    }
    // As long as header and frames say that it is; what is not written is zero.
    await file.truncate(bytes);
    await file.datasync();
    return bytes;
  } finally {
    await file.close();
  }
}
