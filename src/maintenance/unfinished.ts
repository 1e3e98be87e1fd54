/**
 * A directory that a tool is making (spec 6.6, 6.7): what an attempt has left that died goes with the next one, and one that
 * is still at work is found by its lock.
 */
import type { Env } from "../env/env.ts";
import { DirectoryLock, shareLock } from "../storage/lock.ts";
import { NewDirectory, unfinishedPath } from "../storage/new-directory.ts";
import { StartRefusal } from "../storage/refusal.ts";

/** `tool`: which one makes it. Rejects with a `StartRefusal` while another attempt is at work, or with `NameTaken`. */
export async function beginDirectory(env: Env, target: string, tool: string): Promise<NewDirectory> {
  const lock = await shareLock(env, unfinishedPath(target, tool));
  if (lock.outcome === "busy")
    throw new StartRefusal("busy", `${target} is being made by another process: ${lock.holder}`);
  if (lock.outcome === "held") await lock.release();
  return NewDirectory.begin(env.fs, target, tool);
}

/** Another attempt at the same directory finds that this one is at work. */
export async function whileLocked<T>(env: Env, directory: string, work: () => Promise<T>): Promise<T> {
  const lock = await DirectoryLock.take(env, directory);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
