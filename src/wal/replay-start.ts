/**
 * Where the replay of a shard begins (spec 6.4, 6.5): at the place that a checkpoint says, or at the first frame that ever
 * was. What lies before is the checkpoint's own and not read.
 */
import { damage, type StartRefusal } from "../storage/refusal.ts";
import type { ShardChain } from "./chain.ts";
import type { LogPlace } from "./commit.ts";
import { firstFrameAt } from "./file-header.ts";

export interface ReplayStart {
  /** Which of the chain's files is read first. */
  readonly at: number;
  readonly position: number;
}

export function replayStart(
  { files }: ShardChain,
  from: LogPlace | undefined,
  pathOf: (index: number) => string,
): ReplayStart {
  const missing = (index: number, why: string): StartRefusal =>
    damage(`a WAL file is missing: ${why}`, { file: pathOf(index) });
  const before = files.at(0)?.header.predecessor;
  // Index 0 is before every file: the checkpoint of a log that had not begun.
  if (!from || from.index === 0) {
    if (before && before.index !== 0) throw missing(before.index, "without a checkpoint the whole log is needed");
    return { at: 0, position: firstFrameAt };
  }
  const at = files.findIndex(({ header }) => header.index === from.index);
  if (at >= 0) {
    const end = files.at(at + 1)?.header.predecessor.end;
    if (end !== undefined && from.position >= end) return { at: at + 1, position: firstFrameAt };
    return { at, position: Math.max(firstFrameAt, from.position) };
  }
  // A file of which nothing is replayed may be retired.
  if (before?.index === from.index && from.position >= before.end) return { at: 0, position: firstFrameAt };
  throw missing(from.index, "a checkpoint's replay begins in it");
}
