/** The frames in the log of a directory, while an engine works on it or when none does. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { nodeEnv } from "../../src/env/node-env.ts";
import { frameKind } from "../../src/wal/commit.ts";
import { firstFrameAt } from "../../src/wal/file-header.ts";
import type { Frame } from "../../src/wal/frame.ts";
import { readHeader } from "../../src/wal/read-header.ts";
import { scanFrames } from "../../src/wal/scan.ts";

export interface LoggedFrame {
  readonly kind: number;
  readonly topicId: number;
  readonly stamp: number;
  readonly bytes: number;
}

/** Of all shards; without what the WAL logs for itself. */
export async function framesOf(directory: string): Promise<LoggedFrame[]> {
  const env = nodeEnv();
  const frames: LoggedFrame[] = [];
  const own = new Set<number>([frameKind.mark, frameKind.final]);
  const take = ({ fields, length }: Frame): undefined => {
    if (!own.has(fields.kind))
      frames.push({ kind: fields.kind, topicId: fields.topicId, stamp: fields.stamp, bytes: length });
    return undefined;
  };
  for (const name of readdirSync(directory)) {
    if (!/^wal-.*\.log$/.test(name)) continue;
    const path = join(directory, name);
    const read = await readHeader(env, path);
    if (read.outcome !== "header") continue;
    const { shard, shards, index: fileIndex } = read.header;
    const file = await env.fs.open(path, "read");
    try {
      const expected = { shard, shards, fileIndex };
      const range = {
        expected,
        from: firstFrameAt,
        startHash: undefined,
        declaredEnd: undefined,
        fileBytes: read.bytes,
      };
      await scanFrames(file, range, take);
    } finally {
      await file.close();
    }
  }
  return frames.sort((a, b) => a.stamp - b.stamp);
}
