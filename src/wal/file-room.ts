/**
 * Whether there is room for a frame in the active file (spec 6.1, 6.2, 6.6), and how more is to be had: by extending it,
 * or in a new one. Decides nothing about when.
 */
import { type WalConfig, unsyncedLimitMs } from "./config.ts";
import { firstFrameAt } from "./file-header.ts";
import type { FileWriter } from "./file-writer.ts";
import type { FrameQueue } from "./frame-queue.ts";
import type { Space } from "./space.ts";

export interface FileRoomParts {
  readonly config: WalConfig;
  readonly writer: FileWriter;
  readonly space: Space;
  readonly queue: FrameQueue;
}

export class FileRoom {
  readonly #parts: FileRoomParts;
  #wanted = 0;

  constructor(parts: FileRoomParts) {
    this.#parts = parts;
  }

  /** Somebody waits for so much of it; 0 for nobody. */
  get wanted(): number {
    return this.#wanted;
  }

  want(bytes: number): void {
    this.#wanted = Math.max(this.#wanted, bytes);
  }

  /** Behind what is queued already. */
  has(bytes: number): boolean {
    const { writer, queue } = this.#parts;
    return writer.file.room - queue.bytes >= bytes;
  }

  /** Appends wait for a spare: without one there is nothing to rescue into. */
  admits(bytes: number, reserve: boolean): boolean {
    return this.has(bytes) && (reserve || this.#parts.space.spares > 0);
  }

  /** The bound on what a crash of the machine may take, on a stalling disk too (6.1). */
  get isAheadOfDisk(): boolean {
    const { config, writer, space, queue } = this.#parts;
    const { unsyncedBytes } = writer.file;
    if (unsyncedBytes === 0) return false;
    if (space.spares > 0 && unsyncedBytes + queue.bytes > space.rescueBytes) return true;
    return writer.unsyncedForMs > unsyncedLimitMs(config);
  }

  /** Appends leave the last spare alone: it is for the rescue, and for deletes on a full disk (6.6). */
  mayRotate(reserve: boolean): boolean {
    const { space } = this.#parts;
    return space.spares >= (reserve && space.short ? 1 : 2);
  }

  /** Whether more is to be had in a new file, now, and no more in this one. */
  callsForRotation(reserve: boolean): boolean {
    const { config, writer, space } = this.#parts;
    const { writtenEnd } = writer.file;
    const mayExtend = writtenEnd === firstFrameAt || writtenEnd + this.#wanted <= config.fileBytes;
    return (!mayExtend || space.short) && this.mayRotate(reserve);
  }

  /** No space for it, and none to be expected: whoever waits is told so. */
  isOut(reserve: boolean): boolean {
    return this.#parts.space.short && !this.mayRotate(reserve);
  }

  /** Something changed: what was wanted may be there. */
  review(): void {
    if (this.#parts.writer.file.room >= this.#wanted) this.#wanted = 0;
  }

  /** Sees to more in the background, where it is low or wanted. */
  prepare(): void {
    const { writer, space } = this.#parts;
    space.tend(writer.file, this.#wanted);
  }
}
