/**
 * `Fs` of env.ts on the real disk. Node opens every file with `O_CLOEXEC`, so no child inherits a descriptor or a lock.
 * The lock is an open-file-description lock (spec 6.6): it belongs to the open file, not to the process or its pid, and
 * dies with it whatever the network or pid namespace.
 */
import * as fs from "node:fs";
import { link, open, mkdir, readdir, rename, rmdir, stat, unlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { assert } from "../base/assert.ts";
import { errnoOf } from "./env.ts";
import type { File, FileStat, Fs, OpenMode, OpenOptions } from "./env.ts";
import { NodeFile, checkPosition, fileStat } from "./node-file.ts";
import { Lanes } from "./node-lanes.ts";

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = fs.constants;
const flags: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY,
  write: O_RDWR,
  create: O_RDWR | O_CREAT,
  "create-new": O_RDWR | O_CREAT | O_EXCL,
};

/** The part of fs-native-extensions that is used. */
interface Locks {
  tryLock(fd: number, options: { readonly shared: boolean }): boolean;
}

export class NodeFs implements Fs {
  readonly #lanes = new Lanes();
  #locks: Locks | undefined;

  /** The sync threads at work by lane, for tests and diagnosis. */
  laneThreads(): ReadonlyMap<string, number> {
    return this.#lanes.threads();
  }

  async open(path: string, mode: OpenMode, options?: OpenOptions): Promise<File> {
    const fd = await new Promise<number>((resolve, reject) => {
      fs.open(path, flags[mode], (error, opened) => {
        if (error === null) resolve(opened);
        else reject(error);
      });
    });
    if (options?.lane === undefined) return new NodeFile(fd, path, undefined);
    try {
      return new NodeFile(fd, path, this.#lanes.join(options.lane));
    } catch (error) {
      // No thread to be had.
      fs.closeSync(fd);
      throw error;
    }
  }

  readdir(path: string): Promise<string[]> {
    return readdir(path);
  }

  mkdir(path: string): Promise<void> {
    return mkdir(path);
  }

  rename(from: string, to: string): Promise<void> {
    return rename(from, to);
  }

  link(from: string, to: string): Promise<void> {
    return link(from, to);
  }

  unlink(path: string): Promise<void> {
    return unlink(path);
  }

  rmdir(path: string): Promise<void> {
    return rmdir(path);
  }

  async stat(path: string): Promise<FileStat | undefined> {
    try {
      return fileStat(await stat(path, { bigint: true }));
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  readSync(path: string, into: Uint8Array, position: number): number {
    checkPosition(position);
    const fd = fs.openSync(path, flags.read);
    try {
      return fs.readSync(fd, into, 0, into.byteLength, position);
    } catch (error) {
      // The system names no path in errors of calls on a descriptor.
      throw Object.assign(error as Error, { path });
    } finally {
      fs.closeSync(fd);
    }
  }

  async syncDir(path: string): Promise<void> {
    const directory = await open(path, O_RDONLY | fs.constants.O_DIRECTORY);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  async tryLock(file: File, shared = false): Promise<boolean> {
    assert(file instanceof NodeFile, "a lock is taken on a file of this file system");
    this.#locks ??= loadLocks();
    return this.#locks.tryLock(file.descriptor, { shared });
  }
}

/** Loaded when first used: reading tools that take no lock run where the library doesn't. */
function loadLocks(): Locks {
  try {
    return createRequire(import.meta.url)("fs-native-extensions") as Locks;
  } catch (cause) {
    const message = `no file lock to be had on ${process.platform}-${process.arch}: fs-native-extensions did not load`;
    throw Object.assign(new Error(message, { cause }), { code: "ENOLCK", syscall: "lock" });
  }
}
