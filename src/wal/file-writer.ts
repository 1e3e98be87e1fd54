/**
 * Writes groups of frames into the active file and syncs it (spec 6.2): one write and one sync in flight at the most,
 * each sync covering what was written when it was issued. Keeps every frame until it is synced. It reports what happened
 * and decides nothing: faults are the shard's to act on.
 */
import { assert } from "../base/assert.ts";
import { Fifo } from "../base/fifo.ts";
import { writeFully, writeFullySync } from "../storage/io.ts";
import { groupBytes, slowPauseMs, slowWriteMs, syncWriteBytes, syncWriteUnsyncedBytes } from "./config.ts";
import { gather } from "./draft-arena.ts";
import type { Entry, FrameQueue } from "./frame-queue.ts";
import type { ShardDeps } from "./shard-deps.ts";
import { appendTo } from "./successor.ts";
import type { WalFile } from "./wal-file.ts";

/** What a failed call threw. */
export interface Fault {
  readonly error: unknown;
}

export class FileWriter {
  readonly #deps: ShardDeps;
  readonly #unsynced = new Fifo<Entry>();
  #file: WalFile;
  readonly #synced: (frames: number) => void;
  #writing = false;
  #writeStartedMs = 0;
  #writeSettled: Promise<void> = Promise.resolve();
  #sync: Promise<Fault | undefined> | undefined;
  #syncStartedMs = 0;
  #oldestUnsyncedMs = 0;
  #slowUntilMs = 0;
  #lastKind: number | undefined;

  /** `synced` is told how many frames each sync has covered, after they were. */
  constructor(deps: ShardDeps, file: WalFile, synced: (frames: number) => void) {
    this.#deps = deps;
    this.#file = file;
    this.#synced = synced;
  }

  get file(): WalFile {
    return this.#file;
  }

  get writing(): boolean {
    return this.#writing;
  }

  get syncing(): boolean {
    return this.#sync !== undefined;
  }

  /** How long the write or the sync in flight has been so; 0 without one. */
  get busyForMs(): number {
    const syncing = this.#sync ? this.#now() - this.#syncStartedMs : 0;
    return this.#writing ? Math.max(syncing, this.#now() - this.#writeStartedMs) : syncing;
  }

  /** Age of the oldest written byte that is not known to be synced; 0 without one. */
  get unsyncedForMs(): number {
    return this.#unsynced.length > 0 ? this.#now() - this.#oldestUnsyncedMs : 0;
  }

  /** A sync would make something true. */
  get wantsSync(): boolean {
    return this.#file.unsyncedBytes > 0 || this.#file.zeroedBytes > this.#file.preparedBytes;
  }

  /** Kind of the last frame written to this file. */
  get lastKind(): number | undefined {
    return this.#lastKind;
  }

  /** The next entries of the queue that have room, sealed for where they go; none when the first has none. */
  take(queue: FrameQueue): Entry[] {
    const group: Entry[] = [];
    const file = this.#file;
    const start = file.writtenEnd;
    for (let next = queue.peek(); next; next = queue.peek()) {
      const { length } = next.draft.bytes;
      const full = group.length > 0 && file.writtenEnd + length - start > groupBytes;
      if (full || length > file.room) break;
      group.push(queue.shift());
      this.#seal(next);
    }
    return group;
  }

  /** Writes what `take` gave. `done` is called once, possibly before this returns. */
  write(group: readonly Entry[], done: (fault: Fault | undefined) => void): void {
    assert(!this.#writing && group.length > 0, "one write at a time");
    const file = this.#file;
    const bytes = group.reduce((sum, entry) => sum + entry.draft.bytes.length, 0);
    const at = file.writtenEnd - bytes;
    const parts = gather(group.map((entry) => entry.draft));
    if (this.#mayWriteHere(bytes)) return done(this.#writeHere(group, parts, at));
    this.#writing = true;
    this.#writeStartedMs = this.#now();
    this.#writeSettled = writeFully(file.file, parts, at).then(
      () => this.#finishWrite(group, undefined, done),
      (error: unknown) => this.#finishWrite(group, { error }, done),
    );
  }

  /** Syncs what is written by now, behind the sync in flight if there is one. */
  sync(): Promise<Fault | undefined> {
    const before = this.#sync;
    const own = before ? before.then((fault) => fault ?? this.#syncFile()) : this.#syncFile();
    this.#sync = own;
    const clear = (): void => {
      if (this.#sync === own) this.#sync = undefined;
    };
    own.then(clear, clear);
    return own;
  }

  /** When it resolves nothing is in flight; with the fault of the sync that was. */
  async settled(): Promise<Fault | undefined> {
    await this.#writeSettled;
    return this.#sync;
  }

  /** Everything not known to be synced, in order; it is the caller's from now on. */
  drain(): Entry[] {
    return this.#unsynced.drain();
  }

  /** Goes on in a file that has just begun. */
  switchTo(file: WalFile): void {
    assert(this.#unsynced.length === 0 && !this.#writing, "nothing is left behind in the file before");
    this.#file = file;
    this.#lastKind = undefined;
  }

  #seal(entry: Entry): void {
    const file = this.#file;
    appendTo(file, entry.draft, this.#deps.lineage, this.#deps.places.all);
    entry.end = file.writtenEnd;
    entry.hash = file.writtenHash;
  }

  /** On the calling thread: into the page cache of a file that is not far behind, and not while the disk stalls (1.6). */
  #mayWriteHere(bytes: number): boolean {
    return (
      bytes <= syncWriteBytes && this.#file.unsyncedBytes < syncWriteUnsyncedBytes && this.#now() >= this.#slowUntilMs
    );
  }

  #writeHere(group: readonly Entry[], parts: readonly Uint8Array[], at: number): Fault | undefined {
    const started = this.#now();
    try {
      writeFullySync(this.#file.file, parts, at);
    } catch (error) {
      this.#remember(group);
      return { error };
    }
    const ended = this.#now();
    if (ended - started > slowWriteMs) this.#slowUntilMs = ended + slowPauseMs;
    this.#remember(group);
    return undefined;
  }

  #finishWrite(group: readonly Entry[], fault: Fault | undefined, done: (fault: Fault | undefined) => void): void {
    this.#writing = false;
    this.#remember(group);
    done(fault);
  }

  #remember(group: readonly Entry[]): void {
    if (this.#unsynced.length === 0) this.#oldestUnsyncedMs = this.#now();
    for (const entry of group) this.#unsynced.push(entry);
    this.#lastKind = group.at(-1)!.draft.fields.kind;
  }

  async #syncFile(): Promise<Fault | undefined> {
    const file = this.#file;
    const { zeroedBytes } = file;
    const covered = this.#writtenPlace();
    this.#syncStartedMs = this.#now();
    try {
      await file.file.datasync();
    } catch (error) {
      return { error };
    }
    const bytes = covered.end - file.syncedEnd;
    file.syncedEnd = covered.end;
    file.syncedHash = covered.hash;
    file.preparedBytes = zeroedBytes;
    this.#deps.places.learn(this.#deps.lineage.shard, { index: file.index, position: covered.end });
    this.#deps.events({
      type: "wal-synced",
      shard: this.#deps.lineage.shard,
      bytes,
      ms: this.#now() - this.#syncStartedMs,
    });
    this.#oldestUnsyncedMs = this.#syncStartedMs;
    let frames = 0;
    for (let next = this.#unsynced.peek(); next && next.end <= covered.end; next = this.#unsynced.peek()) {
      this.#unsynced.shift();
      frames++;
      next.commit?.synced();
      // A topic publishes what is synced, and has taken its copy by then.
      if (next.commit?.acked ?? true) next.draft.release();
    }
    if (frames > 0) this.#synced(frames);
    return undefined;
  }

  /** Where the last write that has returned ended. */
  #writtenPlace(): { readonly end: number; readonly hash: bigint } {
    const last = this.#unsynced.last();
    return last ?? { end: this.#file.syncedEnd, hash: this.#file.syncedHash };
  }

  #now(): number {
    return this.#deps.env.clock.monotonicMs();
  }
}
