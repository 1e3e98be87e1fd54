/**
 * A file system that nothing is written to (spec 6.6: `topics verify` never writes): calls that would change something
 * fail as on a read-only medium. What is read is counted, and what could not be read is remembered by its path, so that
 * damage can be told from a disk that did not answer.
 */
import { type Env, errnoOf, type File, type FileStat, type Fs, type OpenMode } from "../env/env.ts";

export interface ReadWatch {
  /** So many bytes more have been read. */
  read(bytes: number): void;
  failed(path: string, errno: string): void;
}

export class ReadOnlyFs implements Fs {
  readonly #fs: Fs;
  readonly #watch: ReadWatch;

  constructor(fs: Fs, watch: ReadWatch) {
    this.#fs = fs;
    this.#watch = watch;
  }

  async open(path: string, mode: OpenMode): Promise<File> {
    if (mode !== "read") throw readOnly("open", path);
    const file = await this.#watched(path, () => this.#fs.open(path, mode));
    return new ReadOnlyFile(file, path, this.#watch);
  }

  readdir(path: string): Promise<string[]> {
    return this.#watched(path, () => this.#fs.readdir(path));
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.#watched(path, () => this.#fs.stat(path));
  }

  readSync(path: string, into: Uint8Array, position: number): number {
    try {
      const count = this.#fs.readSync(path, into, position);
      this.#watch.read(count);
      return count;
    } catch (error) {
      note(this.#watch, path, error);
      throw error;
    }
  }

  async mkdir(path: string): Promise<void> {
    throw readOnly("mkdir", path);
  }

  async rename(from: string): Promise<void> {
    throw readOnly("rename", from);
  }

  async link(from: string): Promise<void> {
    throw readOnly("link", from);
  }

  async unlink(path: string): Promise<void> {
    throw readOnly("unlink", path);
  }

  async rmdir(path: string): Promise<void> {
    throw readOnly("rmdir", path);
  }

  async syncDir(path: string): Promise<void> {
    throw readOnly("sync", path);
  }

  async tryLock(): Promise<boolean> {
    throw readOnly("lock", "");
  }

  async #watched<T>(path: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      note(this.#watch, path, error);
      throw error;
    }
  }
}

class ReadOnlyFile implements File {
  readonly #file: File;
  readonly #path: string;
  readonly #watch: ReadWatch;

  constructor(file: File, path: string, watch: ReadWatch) {
    this.#file = file;
    this.#path = path;
    this.#watch = watch;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    try {
      const count = await this.#file.read(into, position);
      this.#watch.read(count);
      return count;
    } catch (error) {
      note(this.#watch, this.#path, error);
      throw error;
    }
  }

  stat(): Promise<FileStat> {
    return this.#file.stat();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async write(): Promise<number> {
    throw readOnly("write", this.#path);
  }

  writeSync(): number {
    throw readOnly("write", this.#path);
  }

  async datasync(): Promise<void> {
    throw readOnly("sync", this.#path);
  }

  async truncate(): Promise<void> {
    throw readOnly("truncate", this.#path);
  }
}

/** The same machine, on which nothing can be changed. */
export function readOnlyEnv(env: Env, watch: ReadWatch): Env {
  return { ...env, fs: new ReadOnlyFs(env.fs, watch) };
}

function note(watch: ReadWatch, path: string, error: unknown): void {
  const errno = errnoOf(error);
  // What is not there was looked for, and found missing.
  if (errno !== undefined && errno !== "ENOENT") watch.failed(path, errno);
}

function readOnly(call: string, path: string): Error {
  return Object.assign(new Error(`EROFS: nothing is written here, ${call} '${path}'`), { code: "EROFS", path });
}
