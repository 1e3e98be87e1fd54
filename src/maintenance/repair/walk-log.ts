/** Every valid frame of a surveyed log in its order, and what lies between them. */
import type { Env } from "../../env/env.ts";
import type { LogPlace } from "../../wal/commit.ts";
import { firstFrameAt } from "../../wal/file-header.ts";
import type { Frame } from "../../wal/frame.ts";
import type { Breathe } from "../../wal/scan.ts";
import type { FoundShard } from "../found-log.ts";
import type { Progress } from "../progress.ts";
import { type BadStretch, walkFrames } from "../walk-frames.ts";
import type { LogFile } from "./log-survey.ts";

export interface LogVisitor {
  frame(file: LogFile, frame: Frame): void;
  bad?(file: LogFile, bad: BadStretch): void;
  breathe?: Breathe;
}

/** `from`: of each shard of the last layout, where to begin; everything, without it. */
export async function walkLog(
  env: Env,
  files: readonly LogFile[],
  from: readonly LogPlace[] | undefined,
  progress: Progress,
  visitor: LogVisitor,
): Promise<void> {
  for (const one of files) {
    const { file, shard, limit, isDeclared } = one;
    const start = startIn(shard, file.index, from);
    if (start === undefined || start >= limit) continue;
    progress.at(file.path);
    const handle = await env.fs.open(file.path, "read");
    try {
      const expected = { shard: shard.shard, shards: shard.shards, fileIndex: file.index };
      const startHash = start === firstFrameAt ? file.headerHash : undefined;
      await walkFrames(
        handle,
        { expected, from: start, startHash, limit, isDeclared },
        {
          frame: (frame) => visitor.frame(one, frame),
          bad: (bad) => visitor.bad?.(one, bad),
          breathe: () => visitor.breathe?.(),
        },
      );
    } finally {
      await handle.close();
    }
  }
}

/** Where a file is read from; `undefined` when a checkpoint has all of it. */
export function startIn(
  { isLast, shard }: FoundShard,
  index: number,
  from: readonly LogPlace[] | undefined,
): number | undefined {
  const place = from?.[shard];
  if (place === undefined) return from === undefined ? firstFrameAt : undefined;
  // A checkpoint covers every layout before its own.
  if (!isLast || index < place.index) return undefined;
  return index === place.index ? Math.max(firstFrameAt, place.position) : firstFrameAt;
}
