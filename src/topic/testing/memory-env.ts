/** A machine whose disk is a map, for tests of what is read back: it neither fails nor forgets. */
import type { Env, File, FileStat, Fs } from "../../env/env.ts";

export function memoryEnv(clock: Env["clock"], timers: Env["timers"]): Env {
  return {
    fs: new MemoryFs(),
    clock,
    timers,
    random: { bytes: (count) => new Uint8Array(count) },
    machine: { cpus: 1, pid: 1, bootId: "" },
  };
}

class MemoryFs implements Fs {
  readonly #files = new Map<string, MemoryFile>();

  open(path: string, mode: Parameters<Fs["open"]>[1]): Promise<File> {
    const found = this.#files.get(path);
    if (found !== undefined && mode !== "create-new") return Promise.resolve(found);
    if (found !== undefined) return Promise.reject(failure("EEXIST"));
    if (mode === "read" || mode === "write") return Promise.reject(failure("ENOENT"));
    const made = new MemoryFile();
    this.#files.set(path, made);
    return Promise.resolve(made);
  }

  readSync(path: string, into: Uint8Array, position: number): number {
    const found = this.#files.get(path);
    if (found === undefined) throw failure("ENOENT");
    return found.take(into, position);
  }

  readdir(path: string): Promise<string[]> {
    const prefix = `${path}/`;
    return Promise.resolve(
      [...this.#files.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
    );
  }

  mkdir(): Promise<void> {
    return Promise.resolve();
  }

  link(from: string, to: string): Promise<void> {
    const found = this.#files.get(from);
    if (found === undefined || this.#files.has(to)) return Promise.reject(failure(found ? "EEXIST" : "ENOENT"));
    this.#files.set(to, found);
    return Promise.resolve();
  }

  rename(from: string, to: string): Promise<void> {
    const found = this.#files.get(from);
    if (found === undefined) return Promise.reject(failure("ENOENT"));
    this.#files.delete(from);
    this.#files.set(to, found);
    return Promise.resolve();
  }

  unlink(path: string): Promise<void> {
    return this.#files.delete(path) ? Promise.resolve() : Promise.reject(failure("ENOENT"));
  }

  rmdir(): Promise<void> {
    return Promise.resolve();
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.#files.get(path)?.stat() ?? Promise.resolve(undefined);
  }

  syncDir(): Promise<void> {
    return Promise.resolve();
  }

  tryLock(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

class MemoryFile implements File {
  #bytes = Buffer.alloc(0);

  take(into: Uint8Array, position: number): number {
    return position >= this.#bytes.length ? 0 : this.#bytes.copy(into, 0, position);
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return Promise.resolve(this.take(into, position));
  }

  write(parts: readonly Uint8Array[], position: number): Promise<number> {
    return Promise.resolve(this.writeSync(parts, position));
  }

  writeSync(parts: readonly Uint8Array[], position: number): number {
    const added = Buffer.concat(parts);
    const bytes = Buffer.alloc(Math.max(this.#bytes.length, position + added.length));
    this.#bytes.copy(bytes);
    added.copy(bytes, position);
    this.#bytes = bytes;
    return added.length;
  }

  datasync(): Promise<void> {
    return Promise.resolve();
  }

  truncate(length: number): Promise<void> {
    const bytes = Buffer.alloc(length);
    this.#bytes.copy(bytes);
    this.#bytes = bytes;
    return Promise.resolve();
  }

  stat(): Promise<FileStat> {
    return Promise.resolve({ kind: "file", size: this.#bytes.length, inode: 1n, birthtimeNs: 1n });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
