/**
 * The machine as the engine sees it: file system, clocks, timers, randomness and a few facts. Everything below `cli/`
 * takes these through its constructor, so that the same code runs on a real disk and on the simulated one (spec 8).
 *
 * Paths are absolute or relative strings with `/`. Failed calls reject (or throw) with an `Error` whose `code` is the
 * errno name (`ENOENT`, `EIO`, `ENOSPC`, …); use `errnoOf` and never the message.
 */

export interface Env {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly machine: Machine;
}

/** Wall time may jump either way; monotonic time never goes back. Both in milliseconds, monotonic with a fraction. */
export interface Clock {
  wallMs(): number;
  monotonicMs(): number;
}

/** An opaque handle of a pending timer. */
export type TimerHandle = object;

export interface Timers {
  /** Runs `callback` once after `delayMs` (0 … 2^31-1), unless cleared. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): TimerHandle;
  clear(timer: TimerHandle): void;
  /** Runs `callback` once after `delayMs`. Keeps the process alive: work that has begun goes on behind it. */
  rest(delayMs: number, callback: () => void): void;
  /** Runs `callback` once, after the input that is ready now has been taken. */
  soon(callback: () => void): void;
}

export interface Random {
  /** `count` bytes fit for identifiers and tokens. */
  bytes(count: number): Uint8Array;
}

export interface Machine {
  readonly cpus: number;
  readonly pid: number;
  /** Changes with every boot of the machine, and with nothing else; empty when it cannot be known (spec 6.5). */
  readonly bootId: string;
}

export interface FileStat {
  readonly kind: "file" | "directory" | "other";
  readonly size: number;
  /** Identity of the file across renames; with `birthtimeNs` also across reuse of the inode (spec 6.5). */
  readonly inode: bigint;
  readonly birthtimeNs: bigint;
}

/**
 * How a file is opened. `read`: must exist. `write`: must exist, read and write. `create`: read and write, made when
 * absent, kept when present. `create-new`: read and write, `EEXIST` when present.
 */
export type OpenMode = "read" | "write" | "create" | "create-new";

export interface OpenOptions {
  /**
   * Syncs of files that share a lane run one after another on a thread reserved for that lane, so that neither stuck
   * calls elsewhere nor another lane's hung sync can hold them up (spec 6.2). Without a lane: the shared thread pool.
   */
  readonly lane?: string;
}

export interface Fs {
  open(path: string, mode: OpenMode, options?: OpenOptions): Promise<File>;
  /** Names in a directory, in no particular order. */
  readdir(path: string): Promise<string[]>;
  /** Makes one directory; `EEXIST` when there is something by that name. */
  mkdir(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /**
   * A second name for a file, which thereby lives until both are unlinked. `EEXIST` when there is something by the name
   * `to`, `EXDEV` across devices, `EPERM` (or another errno) where there are no hard links.
   */
  link(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Removes a directory; `ENOTEMPTY` while there is something in it. */
  rmdir(path: string): Promise<void>;
  /** `undefined` when there is nothing by that name. */
  stat(path: string): Promise<FileStat | undefined>;
  /**
   * Opens, reads once and closes on the calling thread: for the few bytes without which a decision can't be taken that
   * must not be interrupted. Counts as `File.read` does.
   */
  readSync(path: string, into: Uint8Array, position: number): number;
  /** Forces the entries of a directory (creates, links, renames, unlinks) to the device. */
  syncDir(path: string): Promise<void>;
  /**
   * A lock on an open file that dies with its holder; `false` when another holder is in the way (spec 6.6). It is
   * exclusive, and the file is open for writing; a `shared` one goes along with other shared ones, and reading is enough.
   */
  tryLock(file: File, shared?: boolean): Promise<boolean>;
}

/**
 * Positional input and output. Short counts are returned, not hidden: a caller loops. A file is used until `close`.
 */
export interface File {
  /** Bytes read, fewer than asked at the end of the file or at the system's pleasure; 0 only at or behind the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** One gathered write. Bytes written, possibly fewer than given. */
  write(parts: readonly Uint8Array[], position: number): Promise<number>;
  /** The same on the calling thread, for small writes into the page cache (design: 2–7 µs against 20–28 µs). */
  writeSync(parts: readonly Uint8Array[], position: number): number;
  /** Forces what has been written, and the length, to the device. At most one at a time per file. */
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  stat(): Promise<FileStat>;
  close(): Promise<void>;
}

/** The errno name of a failed file-system call; `undefined` when the value is something else. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" ? code : undefined;
}
