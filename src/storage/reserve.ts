/**
 * The `RESERVE` file (spec 6.6, row "no space"): zeros that hold room for the checkpoints of a full disk. It is filled in
 * steps, each synced, so that no ack's sync ever finds a flood ahead of it; given back, the room is anybody's.
 *
 * What it holds is never read. Steps end at multiples of `stepBytes`: of a file that an earlier process left, all but the
 * last step is known to have been synced.
 */
import { assert } from "../base/assert.ts";
import { type Env, errnoOf, type File, type Fs } from "../env/env.ts";
import { isNoSpace, writeFully } from "./io.ts";
import { joinPath, reserveName } from "./layout.ts";

const zeros = Buffer.alloc(1 << 20);
const stepBytes = 4 << 20;

export class Reserve {
  readonly #fs: Fs;
  readonly #path: string;
  #file: File | undefined;
  #bytes: number;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(fs: Fs, path: string, file: File | undefined, bytes: number) {
    this.#fs = fs;
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
  }

  /** Takes what an earlier run left, and writes nothing: the file is made by the first `refill`. */
  static async open({ fs }: Env, directory: string): Promise<Reserve> {
    const path = joinPath(directory, reserveName);
    const stat = await fs.stat(path);
    if (stat === undefined) return new Reserve(fs, path, undefined, 0);
    const synced = Math.floor(Math.max(0, stat.size - 1) / stepBytes) * stepBytes;
    return new Reserve(fs, path, await fs.open(path, "write"), synced);
  }

  /** Room that is surely there. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Grows or shrinks to `bytes`. False when the disk is full: what could be had is kept. */
  refill(bytes: number): Promise<boolean> {
    assert(Number.isSafeInteger(bytes) && bytes >= 0, "a reserve has a size");
    return this.#inTurn(async () => {
      try {
        if (bytes < this.#bytes) await this.#cut(bytes);
        else if (bytes > this.#bytes) await this.#grow(bytes);
        return true;
      } catch (error) {
        if (isNoSpace(error)) return false;
        throw error;
      }
    });
  }

  /** Gives all of it back: when this resolves, the room can be written to. */
  release(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#file !== undefined) await this.#cut(0);
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      const file = this.#file;
      this.#file = undefined;
      this.#bytes = 0;
      await file?.close();
    });
  }

  async #grow(bytes: number): Promise<void> {
    const file = (this.#file ??= await this.#create());
    while (this.#bytes < bytes) {
      const end = Math.min(bytes, (Math.floor(this.#bytes / stepBytes) + 1) * stepBytes);
      try {
        await fill(file, this.#bytes, end);
      } catch (error) {
        // A step that stopped half-way is no use to us, and may be to somebody else.
        if (isNoSpace(error)) await this.#cut(this.#bytes);
        else await this.#discard();
        throw error;
      }
      await this.#sync(file);
      this.#bytes = end;
    }
  }

  async #create(): Promise<File> {
    if ((await this.#fs.stat(this.#path)) !== undefined) await this.#fs.unlink(this.#path);
    return this.#fs.open(this.#path, "create-new");
  }

  /** Synced, because only then the room can be had again. */
  async #cut(bytes: number): Promise<void> {
    const file = this.#file;
    assert(file !== undefined, "there is a file to cut");
    try {
      await file.truncate(bytes);
    } catch (error) {
      await this.#discard();
      throw error;
    }
    await this.#sync(file);
    this.#bytes = bytes;
  }

  async #sync(file: File): Promise<void> {
    try {
      await file.datasync();
    } catch (error) {
      // Nothing is known of what it covered, nor of what later syncs of this file say.
      await this.#discard();
      throw error;
    }
  }

  /** Gives the file up, and its room if that can be. The next refill makes a new one. */
  async #discard(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#bytes = 0;
    const unnoticed = (error: unknown): void => assert(errnoOf(error) !== undefined, "only calls fail");
    await file?.close().catch(unnoticed);
    await this.#fs.unlink(this.#path).catch(unnoticed);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}

async function fill(file: File, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += zeros.length) {
    await writeFully(file, [zeros.subarray(0, Math.min(zeros.length, to - at))], at);
  }
}
