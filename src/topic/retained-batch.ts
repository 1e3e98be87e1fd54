/**
 * Retained records of an `ephemeral` topic as batches that can be logged (spec 6.1): with a seq and a time for each, and
 * nothing of what is gone. Sealed ones, from its durable days, are read from their parts.
 */
import type { Chunk } from "./chunk.ts";
import { type PlannedRuns, RecordRuns } from "./record-runs.ts";
import type { Retained } from "./retained.ts";

const limit = { records: 4096, bytes: 1 << 18 };

export interface RetainedBatch {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly plan: PlannedRuns;
}

/** As many as make a frame of reasonable size, behind `after`; `undefined` when nothing is. Valid until something waits. */
export function gatherRetained(retained: Retained, after: number): RetainedBatch | undefined {
  const firstSeq = retained.nextLive(after);
  if (firstSeq === 0) return undefined;
  const runs = new RecordRuns(limit);
  for (const chunk of chunksFrom(retained, firstSeq)) if (runs.take(chunk, chunk.slot(firstSeq)) < chunk.count) break;
  return { firstSeq, lastSeq: runs.lastSeq, plan: runs.plan() };
}

/** One sealed block at a time: it stays where it is only until another one is read. */
function chunksFrom({ sealed, tail }: Retained, seq: number): readonly Chunk[] {
  const part = sealed.parts.at(sealed.locate(seq));
  if (part === undefined || sealed.locate(seq) === sealed.parts.length) return tail.chunks.slice(tail.locate(seq));
  return [part.chunk(part.index.blockOf(seq))];
}
