/**
 * Room ahead of a shard's writer (spec 6.2): steps of zeros behind the active file's prepared part, and spare files.
 * All of it off the commit path. When the disk is full it keeps trying, and says so until it succeeds (6.6).
 */
import { type Env, errnoOf, type TimerHandle } from "../env/env.ts";
import { joinPath, walFileName } from "../storage/layout.ts";
import { firstSpareBytes, firstStepBytes, lastStepBytes, spaceRetryMs, type WalConfig } from "./config.ts";
import type { Room } from "../storage/room.ts";
import type { WalEvents } from "./events.ts";
import { isSpace, noSpace } from "./failure.ts";
import { firstFrameAt } from "./file-header.ts";
import { fillWithZeros, WalFile } from "./wal-file.ts";

export interface SpaceDeps {
  readonly env: Env;
  readonly directory: string;
  readonly shard: number;
  readonly config: WalConfig;
  readonly events: WalEvents;
  readonly room: Room;
  /** An index that no WAL file of this directory had before. */
  nextIndex(): number;
  /** More zeros were written behind the active file's prepared part: a sync will make them room. */
  zeroed(): void;
  /** A spare came, or the disk filled up, or it is time to try again: call `tend`. */
  changed(): void;
}

export class Space {
  readonly #deps: SpaceDeps;
  readonly #spares: WalFile[] = [];
  #working: Promise<void> | undefined;
  #retry: TimerHandle | undefined;
  #short = false;
  #sparesWanted = 1;
  #closed = false;

  constructor(deps: SpaceDeps) {
    this.#deps = deps;
  }

  /** The last attempt to prepare space failed. */
  get short(): boolean {
    return this.#short;
  }

  get spares(): number {
    return this.#spares.length;
  }

  /** How much may be un-synced so that a rescue into the next spare holds it (6.1). */
  get rescueBytes(): number {
    const spare = this.#spares[0];
    return spare ? Math.floor((spare.preparedBytes - firstFrameAt) / 2) : 0;
  }

  /** The oldest spare. The caller makes it the active file, or loses it. */
  takeSpare(): WalFile | undefined {
    this.#sparesWanted = 1;
    return this.#spares.shift();
  }

  /** Resolves once there is a spare, at a start. On a full disk the shard starts without one, and takes no appends (6.6). */
  async prepareFirstSpare(): Promise<void> {
    const length = Math.min(firstSpareBytes, this.#deps.config.fileBytes);
    try {
      this.#spares.push(await this.#prepare(length));
    } catch (error) {
      if (!isSpace(error)) throw error;
      this.#failed(error);
    }
  }

  /** From now on there are to be so many spares, until one is taken. */
  prepareSpares(count: number, active: WalFile): void {
    this.#sparesWanted = count;
    this.tend(active, 0);
  }

  /** Looks whether the active file wants more room, or the shard a spare, and sees to it in the background. */
  tend(active: WalFile, needBytes: number): void {
    if (this.#working || this.#closed || this.#retry) return;
    const work = this.#next(active, needBytes);
    if (!work) return;
    this.#working = this.#whenThereIsRoom(work)
      .then(
        () => this.#succeeded(),
        (error: unknown) => this.#failed(error),
      )
      .finally(() => (this.#working = undefined))
      .then(() => {
        if (!this.#closed) this.#deps.changed();
      });
  }

  /** On a full disk the reserve comes first. */
  async #whenThereIsRoom(work: () => Promise<void>): Promise<void> {
    if (this.#deps.room.isShort && !(await this.#deps.room.refill())) throw noSpace();
    await work();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry) this.#deps.env.timers.clear(this.#retry);
    await this.#working;
    for (const spare of this.#spares.splice(0)) await spare.file.close();
  }

  #next(active: WalFile, needBytes: number): (() => Promise<void>) | undefined {
    if (this.#spares.length < this.#sparesWanted) return () => this.#addSpare();
    const step = Math.min(Math.max(firstStepBytes, active.preparedBytes), lastStepBytes);
    const limit = Math.max(this.#deps.config.fileBytes, this.#aloneIn(active, needBytes));
    const target = Math.min(active.zeroedBytes + Math.max(step, needBytes), limit);
    // The more has been written, the faster it may come: two large steps outlast the making of a spare.
    const ahead = Math.max(step / 2, Math.min(active.writtenEnd, 2 * lastStepBytes), needBytes);
    const lowOnRoom = active.zeroedBytes - active.writtenEnd < ahead;
    if (lowOnRoom && target > active.zeroedBytes && active.zeroedBytes === active.preparedBytes)
      return () => this.#extend(active, target);
    const nearEnd = limit - active.writtenEnd < Math.max(limit / 2, needBytes);
    if (nearEnd && this.#spares.length < 2) return () => this.#addSpare();
    return undefined;
  }

  /** A frame larger than a file gets one of its own: an empty file may grow to hold it. */
  #aloneIn(active: WalFile, needBytes: number): number {
    return active.writtenEnd === firstFrameAt ? firstFrameAt + needBytes : 0;
  }

  async #extend(active: WalFile, target: number): Promise<void> {
    await fillWithZeros(active.file, active.zeroedBytes, target);
    active.zeroedBytes = target;
    this.#deps.zeroed();
  }

  async #addSpare(): Promise<void> {
    this.#spares.push(await this.#prepare(Math.max(Math.floor(this.#deps.config.fileBytes / 2), firstFrameAt * 4)));
  }

  async #prepare(length: number): Promise<WalFile> {
    const { env, directory, shard } = this.#deps;
    const index = this.#deps.nextIndex();
    try {
      return await WalFile.prepare(env, directory, shard, index, length);
    } catch (error) {
      // What there is of it only takes space; the next start removes it if this one can't.
      await env.fs.unlink(joinPath(directory, walFileName(shard, index))).catch((second: unknown) => errnoOf(second));
      throw error;
    }
  }

  #succeeded(): void {
    if (this.#short) this.#deps.events({ type: "wal-space-back", shard: this.#deps.shard });
    this.#short = false;
  }

  #failed(error: unknown): void {
    if (!this.#short) this.#deps.events({ type: "wal-space-short", shard: this.#deps.shard, errno: errnoOf(error) });
    this.#short = true;
    if (isSpace(error)) this.#deps.room.noteShort();
    if (this.#closed) return;
    this.#retry = this.#deps.env.timers.after(spaceRetryMs, () => {
      this.#retry = undefined;
      this.#deps.changed();
    });
  }
}
