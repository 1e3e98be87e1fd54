/**
 * The bytes of a file from one place to another, in order, through one buffer (spec 6.4: memory does not grow with the
 * file). What is handed out is valid until the next call. An unreadable sector is damage like any other (spec 9.2); what
 * says nothing about the file (too many open ones) is thrown as it came.
 */
import { assert } from "../base/assert.ts";
import { errnoOf, type File } from "../env/env.ts";
import { readFully } from "../storage/io.ts";
import { CheckpointDamage } from "./damage.ts";

const bufferBytes = 1 << 20;

export class Pieces {
  readonly #file: File;
  readonly #path: string;
  readonly #end: number;
  readonly #buffer: Buffer;
  /** What is in the buffer and not handed out: from `#first` to `#last`. */
  #first = 0;
  #last = 0;
  #at: number;

  constructor(file: File, path: string, from: number, end: number) {
    this.#file = file;
    this.#path = path;
    this.#at = from;
    this.#end = end;
    this.#buffer = Buffer.allocUnsafe(Math.max(1, Math.min(bufferBytes, end - from)));
  }

  /** Place of the next byte. */
  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  /** Exactly `length` bytes, a few. */
  async take(length: number): Promise<Uint8Array> {
    assert(length <= this.left && length <= this.#buffer.length, "no more is taken than there is");
    if (this.#last - this.#first < length) await this.#load();
    return this.#hand(length);
  }

  /** At least one byte and at most `length`. */
  async some(length: number): Promise<Uint8Array> {
    assert(length > 0 && length <= this.left, "no more is taken than there is");
    if (this.#first === this.#last) await this.#load();
    return this.#hand(Math.min(length, this.#last - this.#first));
  }

  #hand(length: number): Uint8Array {
    const piece = this.#buffer.subarray(this.#first, this.#first + length);
    this.#first += length;
    this.#at += length;
    return piece;
  }

  async #load(): Promise<void> {
    this.#buffer.copyWithin(0, this.#first, this.#last);
    const kept = this.#last - this.#first;
    const wanted = Math.min(this.#buffer.length, this.left) - kept;
    const read = await readAt(this.#file, this.#path, this.#buffer.subarray(kept, kept + wanted), this.#at + kept);
    if (read < wanted) throw new CheckpointDamage(this.#path, "the file ends early", this.#at + kept + read);
    this.#first = 0;
    this.#last = kept + wanted;
  }
}

/** As many bytes as there are. */
async function readAt(file: File, path: string, into: Uint8Array, position: number): Promise<number> {
  try {
    return await readFully(file, into, position);
  } catch (error) {
    if (errnoOf(error) === "EIO") throw new CheckpointDamage(path, "it can't be read (EIO)", position);
    throw error;
  }
}
