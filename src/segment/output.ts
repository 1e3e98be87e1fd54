/**
 * Writes a new file from front to back (spec 6.3): gathered into pieces, and synced often enough that an ack's sync never
 * finds a flood ahead of it.
 */
import { assert } from "../base/assert.ts";
import type { File } from "../env/env.ts";
import { writeFully } from "../storage/io.ts";

/** Copying as much takes a core no longer than an ack does. */
const pieceBytes = 128 << 10;
/** Most files are not larger: one sync less that an ack may meet. */
const syncEveryBytes = 8 << 20;

export class SequentialOutput {
  readonly #file: File;
  readonly #piece = Buffer.allocUnsafe(pieceBytes);
  #filled = 0;
  #writtenAt = 0;
  #unsynced = 0;
  #busy = false;

  constructor(file: File) {
    this.#file = file;
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.#writtenAt + this.#filled;
  }

  /** The bytes are copied when it resolves; they are written when the piece is full. */
  async put(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const taken = Math.min(bytes.length - done, pieceBytes - this.#filled);
      this.#piece.set(taken === bytes.length ? bytes : bytes.subarray(done, done + taken), this.#filled);
      this.#filled += taken;
      done += taken;
      if (this.#filled === pieceBytes) await this.#flush();
    }
  }

  /** Everything is on the disk when it resolves. */
  async end(): Promise<void> {
    await this.#flush();
    if (this.#unsynced > 0) await this.#sync();
  }

  async #flush(): Promise<void> {
    if (this.#filled === 0) return;
    assert(!this.#busy, "one writer at a time");
    this.#busy = true;
    await writeFully(this.#file, [this.#piece.subarray(0, this.#filled)], this.#writtenAt);
    this.#busy = false;
    this.#writtenAt += this.#filled;
    this.#unsynced += this.#filled;
    this.#filled = 0;
    if (this.#unsynced >= syncEveryBytes) await this.#sync();
  }

  async #sync(): Promise<void> {
    await this.#file.datasync();
    this.#unsynced = 0;
  }
}
