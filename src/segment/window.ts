/** Reads that mostly go forward through a file, small ones many at a time; for offline tools. */
import type { File } from "../env/env.ts";
import { errnoOf } from "../env/env.ts";
import { readFully } from "../storage/io.ts";

const windowBytes = 1 << 20;

export class Window {
  readonly #file: File;
  readonly #bytes: number;
  #at = 0;
  #held: Buffer = Buffer.alloc(0);

  /** `bytes`: length of the file. */
  constructor(file: File, bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /** Not to be kept beyond the next read. A reason when they can't be had; they lie within the file. */
  async read(at: number, bytes: number): Promise<Buffer | string> {
    if (at >= this.#at && at + bytes <= this.#at + this.#held.length)
      return this.#held.subarray(at - this.#at, at - this.#at + bytes);
    if (bytes < windowBytes) {
      const ahead = await this.#exactly(at, Math.min(windowBytes, this.#bytes - at));
      if (typeof ahead !== "string") {
        this.#at = at;
        this.#held = ahead;
        return ahead.subarray(0, bytes);
      }
    }
    // What is asked for may be readable where something behind it is not.
    return this.#exactly(at, bytes);
  }

  async #exactly(at: number, bytes: number): Promise<Buffer | string> {
    const into = Buffer.allocUnsafeSlow(bytes);
    try {
      const read = await readFully(this.#file, into, at);
      return read === bytes ? into : `the file ends at ${at + read}`;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      return errno;
    }
  }
}
