/**
 * Frames that were logged at some time and are still somewhere (spec 6.6, 6.7): in files that no checkpoint has let go of
 * yet, and in the archive. What a successor calls the end of a file is its end: nothing behind it is ever read as log.
 */
import type { Env } from "../env/env.ts";
import { joinPath, parseWalFileName, walFileName } from "../storage/layout.ts";
import type { LogPlace } from "./commit.ts";
import { firstFrameAt, type WalFileHeader } from "./file-header.ts";
import type { Frame } from "./frame.ts";
import type { LeftFile } from "./log-files.ts";
import { readHeader } from "./read-header.ts";
import { scanFrames } from "./scan.ts";

export interface PastLog {
  readonly env: Env;
  readonly directory: string;
  readonly archiveDirectory: string | undefined;
  readonly directoryId: string;
  readonly shard: number;
  /** Files of the shard that were left, oldest first, and where its active one ends. */
  readonly left: readonly LeftFile[];
  readonly end: LogPlace;
}

/** Commit stamps, µs. */
export interface StampRange {
  readonly from: number;
  readonly to: number;
}

interface PastFile {
  readonly path: string;
  readonly header: WalFileHeader;
  readonly end: number;
}

/** Hands over the frames of the files that may have some of these stamps, in order, as far as they are good. */
export async function readPast(log: PastLog, stamps: StampRange, visit: (frame: Frame) => void): Promise<void> {
  for (const { path, header, end } of await filesOf(log, stamps)) {
    const file = await log.env.fs.open(path, "read");
    try {
      const { shard, shards, index: fileIndex } = header;
      const range = { expected: { shard, shards, fileIndex }, from: firstFrameAt, startHash: undefined };
      await scanFrames(file, { ...range, declaredEnd: end, fileBytes: end }, (frame) => {
        visit(frame);
        return undefined;
      });
    } finally {
      await file.close();
    }
  }
}

async function filesOf(log: PastLog, stamps: StampRange): Promise<PastFile[]> {
  const { env, directory, shard, left, end } = log;
  const found: { readonly path: string; readonly header: WalFileHeader }[] = await archived(log);
  const present = [...left, { index: end.index, end: end.position }];
  const ends = new Map(present.map((one) => [one.index, one.end]));
  for (const { index } of present) {
    const path = joinPath(directory, walFileName(shard, index));
    const read = await readHeader(env, path);
    if (read.outcome === "header" && !found.some(({ header }) => header.index === index))
      found.push({ path, header: read.header });
  }
  found.sort((a, b) => a.header.index - b.header.index);
  return found.flatMap(({ path, header }, at) => {
    const next = found.at(at + 1)?.header;
    if (header.stamp > stamps.to || (next !== undefined && next.stamp < stamps.from)) return [];
    const declared = next?.predecessor.index === header.index ? next.predecessor.end : ends.get(header.index);
    return declared === undefined ? [] : [{ path, header, end: declared }];
  });
}

/** Files of the same shard number; those of an earlier layout have other topics in them, or some of the same. */
async function archived(log: PastLog): Promise<{ readonly path: string; readonly header: WalFileHeader }[]> {
  const { env, archiveDirectory, directoryId, shard } = log;
  if (archiveDirectory === undefined) return [];
  const prefix = `${directoryId}-`;
  const files: { readonly path: string; readonly header: WalFileHeader }[] = [];
  for (const name of await env.fs.readdir(archiveDirectory)) {
    const parsed = name.startsWith(prefix) ? parseWalFileName(name.slice(prefix.length)) : undefined;
    if (parsed?.shard !== shard) continue;
    const path = joinPath(archiveDirectory, name);
    const read = await readHeader(env, path);
    if (read.outcome === "header") files.push({ path, header: read.header });
  }
  return files;
}
