/**
 * Reads `.del` files (spec 6.3): up to the end that a checkpoint names, where anything bad or missing is damage; or, for
 * offline tools, as far as the chain of hashes holds. A piece at a time.
 */
import { errnoOf, type Env, type File } from "../env/env.ts";
import { readFully } from "../storage/io.ts";
import {
  decodeDelete,
  decodeDeleteHeader,
  deleteEntryBytes,
  deleteHeaderBytes,
  type DeletedRange,
  type DeleteEnd,
  type DeleteHeader,
} from "./delete-format.ts";

/** Where reading ended for another reason than the end that was asked for. */
export interface DeleteStop {
  readonly at: number;
  readonly reason: string;
  /** Nothing is wrong with it, but that it is of a version that is not known. */
  readonly isVersion?: boolean;
}

export type TakeDeletes = (ranges: readonly DeletedRange[]) => void | Promise<void>;

export type DeletesRead =
  { readonly ok: true; readonly ranges: DeletedRange[] } | ({ readonly ok: false } & DeleteStop);

/** All that the file says up to `end`; what lies beyond is not looked at. */
export async function readDeletes(
  env: Env,
  path: string,
  directoryId: string,
  file: number,
  end: DeleteEnd,
): Promise<DeletesRead> {
  const ranges: DeletedRange[] = [];
  const stop = await takeDeletes(env, path, directoryId, file, end, (some) => void ranges.push(...some));
  return stop === undefined ? { ok: true, ranges } : { ok: false, ...stop };
}

/** A part of them at a time; only when it resolves to `undefined` all that was taken is what was written. */
export async function takeDeletes(
  env: Env,
  path: string,
  directoryId: string,
  file: number,
  end: DeleteEnd,
  take: TakeDeletes,
): Promise<DeleteStop | undefined> {
  if (end.bytes < deleteHeaderBytes || (end.bytes - deleteHeaderBytes) % deleteEntryBytes !== 0)
    return { reason: `an end at ${end.bytes}, where no entry ends`, at: deleteHeaderBytes };
  const found = await walk(env, path, end.bytes, take);
  if (found.stop !== undefined) return found.stop;
  const wrong = ofAnother(found.header, directoryId, file);
  if (wrong !== undefined) return { reason: wrong, at: 0 };
  if (found.end?.hash !== end.hash)
    return { reason: "another hash than the one it was known to end with", at: end.bytes - 8 };
  return undefined;
}

export interface DeletesFound {
  readonly header: DeleteHeader | undefined;
  readonly ranges: DeletedRange[];
  /** The last place up to which everything fits; `undefined` when not even the header does. */
  readonly end: DeleteEnd | undefined;
  /** Why it is not the end of the file. */
  readonly stop: DeleteStop | undefined;
}

/** For offline tools: as far as it is good. Whether header and directory fit each other is for the caller to see. */
export async function scanDeletes(env: Env, path: string): Promise<DeletesFound> {
  const ranges: DeletedRange[] = [];
  const { header, end, stop } = await walk(env, path, undefined, (some) => void ranges.push(...some));
  return { header, ranges, end, stop };
}

function ofAnother(header: DeleteHeader | undefined, directoryId: string, file: number): string | undefined {
  if (header?.directoryId !== directoryId) return `it belongs to directory ${header?.directoryId}`;
  return header.file === file ? undefined : `it belongs to segment file ${header.file}`;
}

/** A whole number of entries. */
const pieceBytes = deleteEntryBytes * 8192;

type Walked = Omit<DeletesFound, "ranges">;

async function walk(env: Env, path: string, until: number | undefined, take: TakeDeletes): Promise<Walked> {
  const none = { header: undefined, end: undefined };
  let file: File;
  try {
    file = await env.fs.open(path, "read");
  } catch (error) {
    return { ...none, stop: stopAt(0, error) };
  }
  let failed: { readonly error: unknown } | undefined;
  const walker = new Walker(async (ranges) => {
    try {
      await take(ranges);
    } catch (error) {
      failed = { error };
      throw error;
    }
  });
  try {
    const { size } = await file.stat();
    if (until !== undefined && size < until)
      return { ...none, stop: { at: size, reason: `it ends there, short of ${until}` } };
    await walker.run(file, until ?? size);
  } catch (error) {
    // What the taker could not do says nothing about this file.
    if (failed !== undefined) throw failed.error;
    return { header: walker.header, end: walker.end, stop: stopAt(walker.end?.bytes ?? 0, error) };
  } finally {
    await closeQuietly(file);
  }
  return walker;
}

class Walker implements Walked {
  header: DeleteHeader | undefined;
  end: DeleteEnd | undefined;
  stop: DeleteStop | undefined;
  readonly #take: TakeDeletes;

  constructor(take: TakeDeletes) {
    this.#take = take;
  }

  async run(file: File, until: number): Promise<void> {
    const head = await piece(file, 0, Math.min(until, deleteHeaderBytes));
    const decoded = decodeDeleteHeader(head);
    if (decoded.outcome !== "sound") {
      this.stop = { at: 0, reason: decoded.reason, isVersion: decoded.outcome === "version" };
      return;
    }
    const { end, ...header } = decoded.value;
    this.header = header;
    this.end = end;
    for (let at = deleteHeaderBytes; at < until && this.stop === undefined; at += pieceBytes) {
      const wanted = Math.min(pieceBytes, until - at);
      const bytes = await piece(file, at, wanted);
      await this.#take(this.#entries(bytes, end));
      if (bytes.length < wanted) this.stop ??= { at: at + bytes.length, reason: `it ends there, short of ${until}` };
    }
  }

  #entries(bytes: Uint8Array, start: DeleteEnd): DeletedRange[] {
    const ranges: DeletedRange[] = [];
    let { bytes: at, hash } = this.end ?? start;
    for (let i = 0; i < bytes.length; i += deleteEntryBytes) {
      const left = bytes.subarray(i, i + deleteEntryBytes);
      const entry = left.length < deleteEntryBytes ? "it ends within an entry" : decodeDelete(left, hash);
      if (typeof entry === "string") {
        this.stop = { at, reason: entry };
        break;
      }
      ranges.push(entry.range);
      at += deleteEntryBytes;
      hash = entry.hash;
    }
    this.end = { bytes: at, hash };
    return ranges;
  }
}

async function piece(file: File, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const read = await readFully(file, bytes, at);
  return bytes.subarray(0, read);
}

/** What an errno says about the file at that place; other errors are nobody's to catch. */
function stopAt(at: number, error: unknown): DeleteStop {
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  return { at, reason: errno === "ENOENT" ? "it is missing" : errno };
}

async function closeQuietly(file: File): Promise<void> {
  try {
    await file.close();
  } catch (error) {
    // Nothing is lost by a file that was only read.
    if (errnoOf(error) === undefined) throw error;
  }
}
