/**
 * A stretch of a file in memory that moves forward (spec 6.5: the WAL is streamed, memory is bounded). While one stretch is
 * looked at the next one is read, so that a scan at the speed of memory seldom waits. Buffers are used again: whoever keeps
 * bytes copies them.
 */
import type { File } from "../env/env.ts";
import { readFully } from "../storage/io.ts";

/** The most that is read at once. */
const stretchBytes = 1 << 20;

/** The stretch behind the one that is looked at. */
interface Ahead {
  readonly position: number;
  /** Bytes read; a failed read is thrown when its bytes are wanted, and not before. */
  readonly done: Promise<number | { readonly error: unknown }>;
}

export class Window {
  /** Nothing behind this is read. */
  readonly limit: number;
  readonly #file: File;
  /**
   * Half of a buffer; the other half, in front of it, is for what is left of the stretch before: the first part of a frame
   * that lies across both.
   */
  readonly #half: number;
  #buffer: Buffer;
  /** What is in the buffer: `#filled` bytes at `#at`, which are the file's from `#start` on. */
  #at = 0;
  #start = 0;
  #filled = 0;
  #other: Buffer | undefined;
  #ahead: Ahead | undefined;

  constructor(file: File, limit: number) {
    this.#file = file;
    this.limit = limit;
    this.#half = Math.min(stretchBytes, limit);
    this.#buffer = Buffer.allocUnsafeSlow(2 * this.#half);
  }

  get bytes(): Uint8Array {
    return this.#buffer;
  }

  /** Where in `bytes` a position of the file is, if it is held. */
  offsetOf(position: number): number {
    return this.#at + position - this.#start;
  }

  holds(position: number, length: number): boolean {
    return position >= this.#start && position + length <= this.#start + this.#filled;
  }

  slice(position: number, length: number): Uint8Array {
    const offset = this.offsetOf(position);
    return this.#buffer.subarray(offset, offset + length);
  }

  /** Moves to `position` and reads at least `length` bytes, if the file has them. `length` is bounded by the limit. */
  async load(position: number, length: number): Promise<void> {
    const kept = this.holds(position, 0) ? this.#start + this.#filled - position : 0;
    const ahead = this.#ahead;
    if (ahead?.position === position + kept && kept <= this.#half) await this.#moveOn(position, kept, ahead);
    if (!this.holds(position, length)) await this.#read(position, length);
    this.#readAhead();
  }

  /** No read is in flight any more. */
  async close(): Promise<void> {
    await this.#ahead?.done;
    this.#ahead = undefined;
  }

  async #moveOn(position: number, kept: number, ahead: Ahead): Promise<void> {
    const read = await ahead.done;
    this.#ahead = undefined;
    if (typeof read !== "number") throw read.error;
    const [left, next] = [this.#buffer, this.#other!];
    const from = this.offsetOf(position);
    left.copy(next, this.#half - kept, from, from + kept);
    this.#hold(next, this.#half - kept, position, kept + read);
    this.#other = left;
  }

  async #read(position: number, length: number): Promise<void> {
    await this.close();
    const kept = this.holds(position, 0) ? this.#start + this.#filled - position : 0;
    const target = length > this.#buffer.length ? Buffer.allocUnsafeSlow(length) : this.#buffer;
    const from = this.offsetOf(position);
    if (kept > 0) this.#buffer.copy(target, 0, from, from + kept);
    const want = Math.min(target.length, this.limit - position);
    const read = kept < want ? await readFully(this.#file, target.subarray(kept, want), position + kept) : 0;
    this.#hold(target, 0, position, kept + read);
  }

  #readAhead(): void {
    const position = this.#start + this.#filled;
    const want = Math.min(this.#half, this.limit - position);
    if (want <= 0 || this.#ahead !== undefined) return;
    if (this.#other?.length !== 2 * this.#half) this.#other = Buffer.allocUnsafeSlow(2 * this.#half);
    const into = this.#other.subarray(this.#half, this.#half + want);
    this.#ahead = { position, done: readFully(this.#file, into, position).catch((error: unknown) => ({ error })) };
  }

  #hold(buffer: Buffer, at: number, start: number, filled: number): void {
    this.#buffer = buffer;
    this.#at = at;
    this.#start = start;
    this.#filled = filled;
  }
}
