/** Frames that wait to be written, in order, and how many bytes they are (spec 6.2: the queue is bounded in bytes). */
import { Fifo } from "../base/fifo.ts";
import type { Commit } from "./commit.ts";
import type { FrameDraft } from "./frame.ts";

/** A frame on its way: `commit` is absent for the WAL's own. */
export interface Entry {
  readonly draft: FrameDraft;
  readonly commit: Commit | undefined;
  /** Once it is written, everything up to it is synced. */
  syncAsked: boolean;
  /** Its end in the file and the hash there, once it is sealed. */
  end: number;
  hash: bigint;
}

export function entryOf(draft: FrameDraft, commit: Commit | undefined): Entry {
  return { draft, commit, syncAsked: false, end: 0, hash: 0n };
}

export class FrameQueue {
  readonly #entries = new Fifo<Entry>();
  #bytes = 0;
  #peak = 0;

  /** The most there have been at once. */
  get peak(): number {
    return this.#peak;
  }

  get length(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += entry.draft.bytes.length;
    if (this.#entries.length > this.#peak) this.#peak = this.#entries.length;
  }

  peek(): Entry | undefined {
    return this.#entries.peek();
  }

  last(): Entry | undefined {
    return this.#entries.last();
  }

  shift(): Entry {
    const entry = this.#entries.shift();
    this.#bytes -= entry.draft.bytes.length;
    return entry;
  }

  /** Everything; the queue is empty afterwards. */
  drain(): Entry[] {
    this.#bytes = 0;
    return this.#entries.drain();
  }
}
