/**
 * The archive of retired WAL files (spec 6.7): under a name with the directory's id, durable before the last copy in the
 * directory goes, and never overwritten. A hard link where that can be had, else a copy. It is not made where it is
 * absent: that may be a device that is not mounted.
 */
import { type Env, errnoOf, type File } from "../env/env.ts";
import { copyFile, isLinkRefused } from "../storage/copy-file.ts";
import { readFully } from "../storage/io.ts";
import { joinPath, temporarySuffix } from "../storage/layout.ts";
import { firstFrameAt } from "./file-header.ts";
import { readHeader } from "./read-header.ts";
import { scanFrames } from "./scan.ts";

export interface ArchivePlace {
  readonly directory: string;
  /** Of the data directory. */
  readonly directoryId: string;
}

const chunkBytes = 1 << 20;

export function archiveName(directoryId: string, walName: string): string {
  return `${directoryId}-${walName}`;
}

/** Another file has the name, and not the same log in it. */
export class ArchiveConflict extends Error {
  override readonly name = "ArchiveConflict";
  readonly code = "EEXIST";
  readonly path: string;

  constructor(path: string) {
    super(`${path} is in the archive already, and is another file`);
    this.path = path;
  }
}

/** When it resolves the file is in the archive and will be after a power loss. */
export async function archiveFile(env: Env, place: ArchivePlace, path: string): Promise<void> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const target = joinPath(place.directory, archiveName(place.directoryId, name));
  if (!(await linked(env, path, target))) await copy(env, path, target);
  await env.fs.syncDir(place.directory);
}

/** False when it has to be copied. */
async function linked(env: Env, path: string, target: string): Promise<boolean> {
  try {
    await env.fs.link(path, target);
    return true;
  } catch (error) {
    if (errnoOf(error) !== "EEXIST" && !isLinkRefused(error)) throw error;
  }
  // An earlier attempt may have come so far.
  if ((await env.fs.stat(target)) === undefined) return false;
  if (!(await holdsLogOf(env, target, path))) throw new ArchiveConflict(target);
  return true;
}

async function copy(env: Env, path: string, target: string): Promise<void> {
  const temporary = target + temporarySuffix;
  if ((await env.fs.stat(temporary)) !== undefined) await env.fs.unlink(temporary);
  try {
    await copyFile(env.fs, path, temporary);
  } catch (error) {
    await env.fs.unlink(temporary).catch((second: unknown) => errnoOf(second));
    throw error;
  }
  await env.fs.rename(temporary, target);
}

/**
 * Whether what is in the archive has all the frames that the file has, byte for byte. What lies behind the last frame may
 * differ: it was never synced when the file was left, and a power loss between two attempts may have taken it.
 */
async function holdsLogOf(env: Env, archived: string, path: string): Promise<boolean> {
  const read = await readHeader(env, path);
  if (read.outcome !== "header") return false;
  const { shard, shards, index } = read.header;
  const [left, right] = [await env.fs.open(path, "read"), await env.fs.open(archived, "read")];
  try {
    const expected = { shard, shards, fileIndex: index };
    const range = { expected, from: firstFrameAt, startHash: read.hash, declaredEnd: undefined, fileBytes: read.bytes };
    const { end } = await scanFrames(left, range, () => undefined);
    return await sameUpTo(left, right, end);
  } finally {
    await left.close();
    await right.close();
  }
}

async function sameUpTo(left: File, right: File, end: number): Promise<boolean> {
  for (let at = 0; at < end; at += chunkBytes) {
    const [one, other] = [Buffer.alloc(Math.min(chunkBytes, end - at)), Buffer.alloc(Math.min(chunkBytes, end - at))];
    await readFully(left, one, at);
    await readFully(right, other, at);
    if (!one.equals(other)) return false;
  }
  return true;
}
