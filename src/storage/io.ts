/** Whole reads and writes over positional calls that may come short (spec 6.6: never half a frame acked). */
import { errnoOf, type File } from "../env/env.ts";

/** A call that makes no progress; treated like a failed one. */
export class ShortIoError extends Error {
  override readonly name = "ShortIoError";
  readonly code = "EIO";
}

/** The disk, or what its owner may have of it, is full (spec 6.6). */
export function isNoSpace(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === "ENOSPC" || errno === "EDQUOT";
}

/** For a file that was only read, or of which nothing is hoped any more: how its close ends changes nothing. */
export async function closeQuietly(file: File): Promise<void> {
  try {
    await file.close();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** Writes all of it, starting again where a short write ended. */
export async function writeFully(file: File, parts: readonly Uint8Array[], position: number): Promise<void> {
  let left = parts;
  let at = position;
  while (left.length > 0) {
    const written = await file.write(left, at);
    left = behind(left, written);
    at += written;
  }
}

/** The same on the calling thread. */
export function writeFullySync(file: File, parts: readonly Uint8Array[], position: number): void {
  let left = parts;
  let at = position;
  while (left.length > 0) {
    const written = file.writeSync(left, at);
    left = behind(left, written);
    at += written;
  }
}

/** Fills `into` as far as the file goes; returns how many bytes there were. */
export async function readFully(file: File, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const read = await file.read(done === 0 ? into : into.subarray(done), position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}

/** What is left of `parts` once `written` bytes of them are written. */
function behind(parts: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let skip = written;
  let first = 0;
  while (first < parts.length && skip >= parts[first].length) skip -= parts[first++].length;
  if (first === parts.length) return [];
  if (written === 0) throw new ShortIoError("a write took no bytes");
  return skip === 0 ? parts.slice(first) : [parts[first].subarray(skip), ...parts.slice(first + 1)];
}
