/**
 * Segment files, deletes and checkpoint of a backup in a directory of another id (spec 6.7): the same content under headers
 * that say where it belongs now.
 */
import { segmentsSection, type WholeSection, wholeSection } from "../../engine/checkpoint-codec.ts";
import { refusedDeletes } from "../../engine/backup-content.ts";
import type { OpenedState } from "../../engine/kept-checkpoints.ts";
import type { NamedSegment } from "../../engine/segments.ts";
import type { Section } from "../../checkpoint/format.ts";
import { writeCheckpoint } from "../../checkpoint/writer.ts";
import type { Env } from "../../env/env.ts";
import { takeDeletes } from "../../segment/delete-file.ts";
import { encodeDeleteHeader, encodeDeletes, type DeleteEnd } from "../../segment/delete-format.ts";
import { SequentialOutput } from "../../segment/output.ts";
import { decodeSegmentHeader, encodeSegmentHeader, segmentHeaderBytes } from "../../segment/format.ts";
import { copyFile } from "../../storage/copy-file.ts";
import { closeQuietly, readFully } from "../../storage/io.ts";
import { deleteFileName, joinPath, segmentFileName } from "../../storage/layout.ts";
import { damage } from "../../storage/refusal.ts";

export interface Move {
  readonly env: Env;
  readonly from: string;
  readonly fromId: string;
  readonly to: string;
  readonly toId: string;
  between(): void;
}

/** As the new directory's checkpoint has to name it. */
export async function moveSegment(move: Move, segment: NamedSegment): Promise<NamedSegment> {
  const { env, from, fromId, to, toId } = move;
  const { file, bytes, deletes } = segment;
  const path = joinPath(from, segmentFileName(file));
  const found = await env.fs.stat(path);
  if (found === undefined) throw damage("a segment file that the checkpoint names is missing", { file: path });
  if (found.size !== bytes) throw damage(`a segment file has ${found.size} bytes, not ${bytes}`, { file: path });
  const header = await readSegmentHeader(env, path);
  if (header.directoryId !== fromId || header.file !== file)
    throw damage("a segment file that belongs elsewhere", { file: path, offset: 0 });
  const head = encodeSegmentHeader({ ...header, directoryId: toId });
  const target = joinPath(to, segmentFileName(file));
  await copyFile(env.fs, path, target, { bytes, head, between: () => move.between() });
  return deletes === undefined ? segment : { ...segment, deletes: await moveDeletes(move, file, deletes) };
}

async function readSegmentHeader(
  env: Env,
  path: string,
): Promise<{ readonly directoryId: string; readonly file: number; readonly stamp: number }> {
  const opened = await env.fs.open(path, "read");
  try {
    const bytes = new Uint8Array(segmentHeaderBytes);
    const got = await readFully(opened, bytes, 0);
    const decoded = decodeSegmentHeader(bytes.subarray(0, got));
    if (decoded.outcome !== "sound")
      throw damage(`a segment file is damaged: ${decoded.reason}`, { file: path, offset: 0 });
    return decoded.value;
  } finally {
    await closeQuietly(opened);
  }
}

async function moveDeletes({ env, from, fromId, to, toId }: Move, file: number, end: DeleteEnd): Promise<DeleteEnd> {
  const name = deleteFileName(file);
  const path = joinPath(from, name);
  const opened = await env.fs.open(joinPath(to, name), "create-new");
  try {
    const output = new SequentialOutput(opened);
    const header = encodeDeleteHeader({ directoryId: toId, file });
    await output.put(header.bytes);
    let moved = header.end;
    const stop = await takeDeletes(env, path, fromId, file, end, async (ranges) => {
      const entries = encodeDeletes(ranges, moved);
      moved = entries.end;
      await output.put(entries.bytes);
    });
    if (stop !== undefined) throw refusedDeletes(stop, path);
    await output.end();
    return moved;
  } finally {
    await opened.close();
  }
}

/** The places that its log has now, and no topic id below which one was given out. */
export type NewWhole = Pick<WholeSection, "from" | "synced" | "nextTopicId">;

export async function moveCheckpoint(
  { env, to, toId }: Move,
  state: OpenedState,
  segments: readonly NamedSegment[],
  now: NewWhole,
): Promise<void> {
  const { number, stamp } = state.kept;
  await writeCheckpoint(env, to, { directoryId: toId, number, stamp }, moved(state, segments, now));
}

async function* moved(state: OpenedState, segments: readonly NamedSegment[], now: NewWhole): AsyncGenerator<Section> {
  yield wholeSection({ ...state.whole, ...now });
  yield segmentsSection(segments);
  yield* state.topics();
}
