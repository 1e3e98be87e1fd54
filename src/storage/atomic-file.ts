/** Replaces a small file as a whole: temporary name, sync, rename, directory sync (spec 6.2, 6.4). */
import { errnoOf, type Fs } from "../env/env.ts";
import { readFully, writeFully } from "./io.ts";
import { joinPath, temporarySuffix } from "./layout.ts";

/** Space that a replacement finds allocated already, so that it can be had on a full disk too (spec 6.6). */
const reserveBytes = 8192;

/** When this resolves the new content is durable; when it rejects either the old or the new one will be found. */
export async function replaceFile(fs: Fs, directory: string, name: string, content: Uint8Array): Promise<void> {
  const temporary = joinPath(directory, name + temporarySuffix);
  await writeWhole(fs, temporary, content);
  await fs.rename(temporary, joinPath(directory, name));
  await fs.syncDir(directory);
}

/** Allocates the temporary file of the next replacement. Where that can't be had, the next one has to find space itself. */
export async function reserveReplacement(fs: Fs, directory: string, name: string): Promise<void> {
  await writeWhole(fs, joinPath(directory, name + temporarySuffix), new Uint8Array(reserveBytes));
}

/**
 * Removes what an earlier process left of a replacement: had a sync of it failed, one that succeeds now would not say that
 * all of it, its length included, is on the disk.
 */
export async function discardReplacement(fs: Fs, directory: string, name: string): Promise<void> {
  await removeIfThere(fs, joinPath(directory, name + temporarySuffix));
}

async function removeIfThere(fs: Fs, path: string): Promise<void> {
  if ((await fs.stat(path)) !== undefined) await fs.unlink(path);
}

/** A file that was not there, synced; its directory is the caller's to sync. */
export async function writeNewFile(fs: Fs, path: string, content: Uint8Array): Promise<void> {
  const file = await fs.open(path, "create-new");
  try {
    await writeFully(file, [content], 0);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** By file system the files that failed to be written and then to be removed. */
const spoilt = new WeakMap<Fs, Set<string>>();

/** Over what is there, so that no block is given back and asked for again; but never again over what failed to be written. */
async function writeWhole(fs: Fs, path: string, content: Uint8Array): Promise<void> {
  const spoiltHere = spoilt.get(fs);
  if (spoiltHere?.has(path) === true) {
    await removeIfThere(fs, path);
    spoiltHere.delete(path);
  }
  const file = await fs.open(path, "create");
  try {
    await writeFully(file, [content], 0);
    await file.truncate(content.length);
    await file.datasync();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "ENOSPC" && errno !== "EDQUOT") await removeSpoilt(fs, path);
    throw error;
  } finally {
    await file.close();
  }
}

async function removeSpoilt(fs: Fs, path: string): Promise<void> {
  try {
    await fs.unlink(path);
  } catch (error) {
    if (errnoOf(error) === undefined) return;
    if (!spoilt.has(fs)) spoilt.set(fs, new Set());
    spoilt.get(fs)!.add(path);
  }
}

/** The whole of a file of at most `maxBytes`; `undefined` when it is absent. */
export async function readSmallFile(fs: Fs, path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const stat = await fs.stat(path);
  if (stat === undefined) return undefined;
  const content = new Uint8Array(Math.min(stat.size, maxBytes));
  const file = await fs.open(path, "read");
  try {
    const length = await readFully(file, content, 0);
    return content.subarray(0, length);
  } finally {
    await file.close();
  }
}
