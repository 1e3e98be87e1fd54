/**
 * What the log still has of records that are missing elsewhere, and of deletes that decide what of them lives: places of
 * frames and no more, and only of topics that something is wanted of.
 */
import type { Env } from "../../env/env.ts";
import { decodeEntry } from "../../topic/entries.ts";
import { frameKind } from "../../wal/commit.ts";
import { anchorLength, type Frame, headerBytes } from "../../wal/frame.ts";
import type { Progress } from "../progress.ts";
import type { LogFile } from "./log-survey.ts";
import type { FoundFrame, KnownDelete } from "./pieces.ts";
import type { Range } from "./ranges.ts";
import { walkLog } from "./walk-log.ts";

export interface Gathered {
  readonly frames: readonly FoundFrame[];
  readonly deletes: readonly KnownDelete[];
}

const nothing: Gathered = { frames: [], deletes: [] };

/** `wanted`: seqs by topic; deletes are gathered of every topic that is named. */
export async function gather(
  env: Env,
  files: readonly LogFile[],
  wanted: ReadonlyMap<number, readonly Range[]>,
  progress: Progress,
): Promise<(topicId: number) => Gathered> {
  const found = new Map<number, { frames: FoundFrame[]; deletes: KnownDelete[] }>();
  if (wanted.size > 0)
    await walkLog(env, files, undefined, progress, {
      frame: (file, frame) => {
        const { topicId } = frame.fields;
        const ranges = wanted.get(topicId);
        if (ranges === undefined) return;
        const own = found.get(topicId) ?? { frames: [], deletes: [] };
        found.set(topicId, own);
        const batch = batchOf(file, frame);
        if (batch !== undefined && ranges.some(({ first, last }) => batch.firstSeq <= last && batch.lastSeq >= first))
          own.frames.push(batch);
        const known = deleteOf(frame);
        if (known !== undefined) own.deletes.push(known);
      },
    });
  return (topicId) => found.get(topicId) ?? nothing;
}

function batchOf({ file, shard }: LogFile, frame: Frame): FoundFrame | undefined {
  const { fields, offset, length, payload } = frame;
  if (fields.kind !== frameKind.records) return undefined;
  const outcome = decodeEntry(fields.kind, payload);
  if (!outcome.ok || outcome.entry.kind !== "records") return undefined;
  const { records } = outcome.entry;
  return {
    path: file.path,
    at: offset,
    bytes: length,
    payloadAt: headerBytes(shard.shards) + anchorLength(fields),
    payloadBytes: payload.length,
    firstSeq: fields.firstSeq,
    lastSeq: fields.firstSeq + records.seqDelta(records.count - 1),
  };
}

function deleteOf({ fields, payload }: Frame): KnownDelete | undefined {
  if (fields.kind !== frameKind.recordsDelete && fields.kind !== frameKind.lease) return undefined;
  const outcome = decodeEntry(fields.kind, payload);
  if (!outcome.ok) return undefined;
  if (outcome.entry.kind === "lease") return { op: fields.op, seqs: new Set(outcome.entry.change.removed) };
  if (outcome.entry.kind !== "recordsDelete") return undefined;
  const { beforeSeq, bound, match } = outcome.entry.what;
  return { op: fields.op, through: Math.min(bound, (beforeSeq ?? Infinity) - 1), match };
}
