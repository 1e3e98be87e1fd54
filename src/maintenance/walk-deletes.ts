/**
 * Goes over a `.del` file and on behind what is damaged in it (spec 6.3): each entry's hash covers the hash before it, as
 * it is stored, so that one bad entry hides itself and at most the next.
 */
import { type Env, errnoOf, type File } from "../env/env.ts";
import {
  decodeDelete,
  decodeDeleteHeader,
  deleteEntryBytes,
  deleteHeaderBytes,
  type DeletedRange,
  type DeleteHeader,
} from "../segment/delete-format.ts";
import { closeQuietly, readFully } from "../storage/io.ts";

export interface DeleteWalker {
  header?(header: DeleteHeader): void;
  range(range: DeletedRange, at: number): void;
  bad(at: number, bytes: number, reason: string): void;
}

const entriesAtOnce = 4096;

/** As far as `until`, or to the end of the file. A string: the version is not known. */
export async function walkDeletes(
  env: Env,
  path: string,
  until: number | undefined,
  walker: DeleteWalker,
): Promise<string | undefined> {
  const file = await env.fs.open(path, "read");
  try {
    const size = Math.min((await file.stat()).size, until ?? Number.MAX_SAFE_INTEGER);
    return await walk(file, size, walker);
  } finally {
    await closeQuietly(file);
  }
}

async function walk(file: File, size: number, walker: DeleteWalker): Promise<string | undefined> {
  const head = await piece(file, 0, Math.min(size, deleteHeaderBytes));
  const header = head && decodeDeleteHeader(head);
  if (header?.outcome === "version") return header.reason;
  // Where the header is bad the first entry has nothing to be held against.
  let before = header?.outcome === "sound" ? header.value.end.hash : undefined;
  if (header?.outcome === "sound") walker.header?.({ directoryId: header.value.directoryId, file: header.value.file });
  else walker.bad(0, deleteHeaderBytes, header === undefined ? "it can't be read" : header.reason);
  for (let at = deleteHeaderBytes; at < size;) {
    const wanted = Math.min(entriesAtOnce * deleteEntryBytes, size - at);
    const bytes = (await piece(file, at, wanted)) ?? (await piece(file, at, Math.min(deleteEntryBytes, wanted)));
    if (bytes === undefined || bytes.length === 0) {
      walker.bad(at, Math.min(deleteEntryBytes, wanted), "it can't be read");
      before = undefined;
      at += deleteEntryBytes;
      continue;
    }
    for (let i = 0; i < bytes.length; i += deleteEntryBytes) {
      const entry = bytes.subarray(i, i + deleteEntryBytes);
      before = take(entry, at + i, before, walker);
    }
    at += bytes.length;
  }
  return undefined;
}

/** The hash that the next entry has to be held against, good or not. */
function take(entry: Uint8Array, at: number, before: bigint | undefined, walker: DeleteWalker): bigint | undefined {
  if (entry.length < deleteEntryBytes) {
    walker.bad(at, entry.length, "it ends within an entry");
    return undefined;
  }
  const stored = new DataView(entry.buffer, entry.byteOffset, entry.length).getBigUint64(deleteEntryBytes - 8, true);
  const decoded = before === undefined ? "the hash before it is not known" : decodeDelete(entry, before);
  if (typeof decoded === "string") walker.bad(at, deleteEntryBytes, decoded);
  else walker.range(decoded.range, at);
  return stored;
}

async function piece(file: File, at: number, length: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length);
  try {
    return bytes.subarray(0, await readFully(file, bytes, at));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
