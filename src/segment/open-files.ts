/**
 * A bounded number of files open for reading (spec 6.3). Reads of one file share a handle; the handle that has not been
 * used for longest makes room; one in use is never closed; when all are in use, who needs another waits.
 *
 * Calls in flight can be bounded too: a disk that hangs must not take every thread there is.
 */
import { assert } from "../base/assert.ts";
import { Fifo } from "../base/fifo.ts";
import { errnoOf, type File, type Fs } from "../env/env.ts";
import { Turns } from "./turns.ts";

interface Handle {
  readonly path: string;
  /** Set as soon as the handle is made; rejects for all of its users when it can't be opened. */
  opened: Promise<File>;
  users: number;
  /** Called when the last user has gone. */
  idle: (() => void) | undefined;
}

export interface OpenFilesLimits {
  readonly maxOpen: number;
  readonly maxCalls: number;
}

export class OpenFiles {
  readonly #fs: Fs;
  readonly #maxOpen: number;
  readonly #calls: Turns;
  /** In the order of their last use. */
  readonly #handles = new Map<string, Handle>();
  /** Those that are being opened or closed included. */
  #open = 0;
  readonly #waiting = new Fifo<() => void>();
  #whenNone: (() => void) | undefined;

  constructor(fs: Fs, limits: OpenFilesLimits) {
    assert(limits.maxOpen >= 1 && limits.maxCalls >= 1, "at least one file can be read");
    this.#fs = fs;
    this.#maxOpen = limits.maxOpen;
    this.#calls = new Turns(limits.maxCalls);
  }

  /** Files open now. */
  get open(): number {
    return this.#open;
  }

  async use<T>(path: string, read: (file: File) => Promise<T>): Promise<T> {
    const handle = this.#shared(path) ?? (await this.#room(path));
    try {
      const file = await handle.opened;
      return await this.#calls.take(() => read(file));
    } finally {
      handle.users--;
      if (handle.users === 0) handle.idle?.();
      this.#wake();
    }
  }

  /** Closes it when nobody uses it any more; later uses open it anew. */
  async forget(path: string): Promise<void> {
    const handle = this.#handles.get(path);
    if (handle === undefined) return;
    this.#handles.delete(path);
    if (handle.users > 0) await new Promise<void>((resolve) => (handle.idle = resolve));
    await this.#close(handle);
  }

  /** When all reads have ended. */
  async close(): Promise<void> {
    await Promise.all([...this.#handles.keys()].map((path) => this.forget(path)));
    // Some may have been on their way out.
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#whenNone = resolve));
  }

  /** The handle that is there, with one user more. */
  #shared(path: string): Handle | undefined {
    const handle = this.#handles.get(path);
    if (handle === undefined) return undefined;
    handle.users++;
    this.#handles.delete(path);
    this.#handles.set(path, handle);
    return handle;
  }

  /** Waits for room in the order of asking, unless somebody else opens the same file meanwhile. */
  async #room(path: string): Promise<Handle> {
    if (this.#waiting.length > 0) await this.#inLine();
    for (;;) {
      const shared = this.#shared(path);
      if (shared !== undefined) {
        // Who was woken for room that it doesn't need wakes the next.
        this.#wake();
        return shared;
      }
      if (this.#open < this.#maxOpen) return this.#begin(path);
      const idle = this.#leastUsed();
      if (idle === undefined) await this.#inLine();
      else await this.#closeIdle(idle);
    }
  }

  #begin(path: string): Handle {
    const handle: Handle = { path, opened: this.#tryTwice(path), users: 1, idle: undefined };
    this.#open++;
    this.#handles.set(path, handle);
    handle.opened.catch(() => {
      if (this.#handles.get(path) === handle) this.#handles.delete(path);
      this.#closed();
    });
    return handle;
  }

  #inLine(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets the next in line look, if there may be room. */
  #wake(): void {
    if (this.#waiting.length === 0) return;
    if (this.#open < this.#maxOpen || this.#leastUsed() !== undefined) this.#waiting.shift()();
  }

  #leastUsed(): Handle | undefined {
    for (const handle of this.#handles.values()) if (handle.users === 0) return handle;
    return undefined;
  }

  async #tryTwice(path: string): Promise<File> {
    try {
      return await this.#calls.take(() => this.#fs.open(path, "read"));
    } catch (error) {
      const errno = errnoOf(error);
      if (errno !== "EMFILE" && errno !== "ENFILE") throw error;
    }
    const idle = [...this.#handles.values()].filter(({ users }) => users === 0);
    await Promise.all(idle.map((handle) => this.#closeIdle(handle)));
    return this.#calls.take(() => this.#fs.open(path, "read"));
  }

  async #closeIdle(handle: Handle): Promise<void> {
    this.#handles.delete(handle.path);
    await this.#close(handle);
  }

  async #close(handle: Handle): Promise<void> {
    let file;
    try {
      file = await handle.opened;
    } catch {
      // Its users have heard of it, and it counts as open no more.
      return;
    }
    try {
      await this.#calls.take(() => file.close());
    } catch (error) {
      // Nothing is lost by a file that was only read.
      if (errnoOf(error) === undefined) throw error;
    } finally {
      this.#closed();
    }
  }

  #closed(): void {
    this.#open--;
    if (this.#open === 0) this.#whenNone?.();
    this.#wake();
  }
}
