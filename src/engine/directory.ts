/** A data directory from nothing to a lock and a manifest (spec 6.2, 6.5, 6.6). */
import { type Env, errnoOf } from "../env/env.ts";
import { manifestName, parentOf, parseWalFileName } from "../storage/layout.ts";
import { DirectoryLock } from "../storage/lock.ts";
import { type Manifest, ManifestStore } from "../storage/manifest.ts";
import { damage, StartRefusal } from "../storage/refusal.ts";
import { toHex } from "../wal/file-header.ts";

export interface OpenDirectory {
  readonly lock: DirectoryLock;
  readonly manifest: ManifestStore;
}

/** Part of a start: a call that the disk fails is a refusal that says where, not a bug (spec 6.5, 9.2). */
export async function refusing<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    const path = (error as { path?: unknown }).path;
    const file = typeof path === "string" ? path : directory;
    const kind = errno === "ENOSPC" || errno === "EDQUOT" ? "space" : "unreadable";
    throw new StartRefusal(kind, `the data directory ${directory} cannot be used: ${errno}`, { file });
  }
}

/** Refuses a directory in use, one that cannot be read, and one whose manifest is damaged or gone. */
export async function openDirectory(env: Env, directory: string, shards: number): Promise<OpenDirectory> {
  const names = await prepareDirectory(env, directory);
  const lock = await DirectoryLock.take(env, directory);
  try {
    const found = await ManifestStore.open(env.fs, directory);
    // It may have its name from a process that died before it had synced it: what it does not need goes only when it stays.
    if (found !== undefined) await env.fs.syncDir(directory);
    return { lock, manifest: found ?? (await freshManifest(env, directory, names, shards)) };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The names in it; made, durably, where it is absent. An existing but unreadable one is an error, never a fresh start. */
async function prepareDirectory(env: Env, directory: string): Promise<string[]> {
  await makeDirectory(env, directory);
  return env.fs.readdir(directory);
}

/** Durably, and its parents too. */
export async function makeDirectory(env: Env, directory: string): Promise<void> {
  const found = await env.fs.stat(directory);
  if (found?.kind === "directory") return;
  if (found) throw new StartRefusal("unreadable", `${directory} is not a directory`);
  const parent = parentOf(directory);
  if (parent !== directory) await makeDirectory(env, parent);
  await env.fs.mkdir(directory);
  await env.fs.syncDir(parent);
}

async function freshManifest(
  env: Env,
  directory: string,
  names: readonly string[],
  shards: number,
): Promise<ManifestStore> {
  const orphan = names.find((name) => parseWalFileName(name) !== undefined);
  if (orphan !== undefined)
    throw damage(`the manifest is missing, but there is a log (${orphan})`, { file: `${directory}/${manifestName}` });
  const blank: Manifest = {
    directoryId: toHex(env.random.bytes(16)),
    layouts: [{ shards, files: Array.from({ length: shards }, () => []) }],
    nextIndex: 1,
    idCeiling: 1,
    generation: 0,
    checkpoints: [],
    nextCheckpoint: 1,
  };
  return ManifestStore.create(env.fs, directory, blank);
}
