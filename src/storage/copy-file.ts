/**
 * A second copy of a file (spec 6.3, 6.7): a hard link where that can be had and the file is never written again, else its
 * bytes, a piece at a time and synced in steps, so that neither memory nor what an ack's sync finds ahead of it grows with
 * the file.
 */
import { errnoOf, type File, type Fs } from "../env/env.ts";
import { closeQuietly, readFully, ShortIoError, writeFully } from "./io.ts";

const pieceBytes = 1 << 20;
const stepBytes = 4 << 20;

/** Errors of `link` that say nothing about the file: it is copied instead. */
const noLinks: ReadonlySet<string | undefined> = new Set([
  "EXDEV",
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "EMLINK",
  "ENOSYS",
]);

export function isLinkRefused(error: unknown): boolean {
  return noLinks.has(errnoOf(error));
}

export interface CopyRange {
  /** So many bytes, all of which must be there; without it, to the end. */
  readonly bytes?: number;
  /** Takes the place of the first bytes. */
  readonly head?: Uint8Array;
  /** Asked between two pieces; what it throws ends the copy. */
  readonly between?: (() => void) | undefined;
}

/** Synced under its new name, whose directory the caller syncs. Says how long it is. */
export async function copyFile(fs: Fs, from: string, to: string, range: CopyRange = {}): Promise<number> {
  const source = await fs.open(from, "read");
  try {
    const target = await fs.open(to, "create-new");
    let copied: number;
    try {
      copied = await copyBytes(source, target, range);
    } catch (error) {
      await closeQuietly(target);
      throw error;
    }
    await target.close();
    return copied;
  } finally {
    await closeQuietly(source);
  }
}

/** For files that are never written again. Says how long it is. */
export async function linkOrCopy(fs: Fs, from: string, to: string, range: Pick<CopyRange, "between">): Promise<number> {
  try {
    await fs.link(from, to);
  } catch (error) {
    if (!isLinkRefused(error)) throw error;
    return copyFile(fs, from, to, range);
  }
  return (await fs.stat(to))?.size ?? 0;
}

async function copyBytes(source: File, target: File, range: CopyRange): Promise<number> {
  const { bytes = Infinity, head, between } = range;
  const piece = new Uint8Array(Math.min(pieceBytes, bytes));
  let at = 0;
  let unsynced = 0;
  while (at < bytes) {
    between?.();
    const wanted = piece.subarray(0, Math.min(pieceBytes, bytes - at));
    const got = await readFully(source, wanted, at);
    if (at === 0 && head !== undefined) wanted.set(head.subarray(0, got));
    await writeFully(target, [wanted.subarray(0, got)], at);
    at += got;
    unsynced += got;
    if (got < wanted.length) break;
    if (unsynced < stepBytes) continue;
    await target.datasync();
    unsynced = 0;
  }
  if (bytes !== Infinity && at < bytes) throw new ShortIoError(`a file ends after ${at} bytes, not ${bytes}`);
  await target.datasync();
  return at;
}
