/**
 * Removes checkpoints that are kept no longer, and what interrupted attempts left (spec 6.4: the manifest first, then the
 * prune). Not while one is being written.
 */
import type { Env } from "../env/env.ts";
import { joinPath, parseCheckpointFileName, temporarySuffix } from "../storage/layout.ts";

/**
 * All but `keep`, and every temporary file, oldest first. Returns the numbers that are gone for good when it resolves; the
 * directory is not written when there are none.
 */
export async function prune(env: Env, directory: string, keep: readonly number[]): Promise<number[]> {
  const { fs } = env;
  const gone = (await fs.readdir(directory))
    .map((name) => ({ name, number: removable(name, keep) }))
    .filter((each): each is { name: string; number: number } => each.number !== undefined)
    .sort((left, right) => left.number - right.number || (left.name < right.name ? -1 : 1));
  for (const { name } of gone) await fs.unlink(joinPath(directory, name));
  if (gone.length > 0) await fs.syncDir(directory);
  return [...new Set(gone.map(({ number }) => number))];
}

/** Its number, if it is a checkpoint's file that nobody keeps. */
function removable(name: string, keep: readonly number[]): number | undefined {
  const isTemporary = name.endsWith(temporarySuffix);
  const number = parseCheckpointFileName(isTemporary ? name.slice(0, -temporarySuffix.length) : name);
  return number === undefined || (!isTemporary && keep.includes(number)) ? undefined : number;
}
