/**
 * A directory that appears by its name with all that is in it, or not at all (spec 6.7): made beside its place under another
 * name, synced, renamed. What a process leaves that dies meanwhile goes with the next one that is made by that name.
 */
import { errnoOf, type Fs } from "../env/env.ts";
import { baseName, joinPath, parentOf, temporarySuffix } from "./layout.ts";

/** Something is by that name already. */
export class NameTaken extends Error {
  override readonly name = "NameTaken";
  readonly path: string;

  constructor(path: string) {
    super(`${path} is there already`);
    this.path = path;
  }
}

const taken: ReadonlySet<string | undefined> = new Set(["EEXIST", "ENOTEMPTY", "ENOTDIR"]);

export class NewDirectory {
  /** Where it is made. */
  readonly path: string;
  readonly #fs: Fs;
  readonly #target: string;

  private constructor(fs: Fs, target: string, path: string) {
    this.#fs = fs;
    this.#target = target;
    this.path = path;
  }

  /** Empty. `tag` tells apart who makes it. Rejects with `NameTaken`; an empty directory of that name may be there. */
  static async begin(fs: Fs, target: string, tag: string): Promise<NewDirectory> {
    if (!(await isFree(fs, target))) throw new NameTaken(target);
    const path = unfinishedPath(target, tag);
    await removeDirectory(fs, path);
    await fs.mkdir(path);
    return new NewDirectory(fs, target, path);
  }

  /** The files in it are synced. When it resolves it is there by its name for good. */
  async finish(): Promise<void> {
    await this.#fs.syncDir(this.path);
    try {
      await this.#fs.rename(this.path, this.#target);
    } catch (error) {
      if (taken.has(errnoOf(error))) throw new NameTaken(this.#target);
      throw error;
    }
    await this.#fs.syncDir(parentOf(this.#target));
  }

  /** As far as it can be removed; the rest goes with the next attempt. */
  async abandon(): Promise<void> {
    try {
      await removeDirectory(this.#fs, this.path);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
  }
}

/** Where a directory is made that is not there yet. */
export function unfinishedPath(target: string, tag: string): string {
  return joinPath(parentOf(target), `.${baseName(target)}.${tag}${temporarySuffix}`);
}

/** Removes what was left under any name with that tag. */
export async function removeUnfinished(fs: Fs, parent: string, tag: string): Promise<void> {
  for (const name of await fs.readdir(parent))
    if (name.startsWith(".") && name.endsWith(`.${tag}${temporarySuffix}`))
      await removeDirectory(fs, joinPath(parent, name));
}

/** A directory of files, if it is there. */
async function removeDirectory(fs: Fs, path: string): Promise<void> {
  if ((await fs.stat(path)) === undefined) return;
  for (const name of await fs.readdir(path)) await fs.unlink(joinPath(path, name));
  await fs.rmdir(path);
}

async function isFree(fs: Fs, path: string): Promise<boolean> {
  const found = await fs.stat(path);
  if (found === undefined) return true;
  return found.kind === "directory" && (await fs.readdir(path)).length === 0;
}
