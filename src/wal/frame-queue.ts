/** Frames that wait to be written, in order, and how many bytes they are (spec 6.2: the queue is bounded in bytes). */
import { Fifo } from "../base/fifo.ts";
import type { Entry } from "./file-writer.ts";

export class FrameQueue {
  readonly #entries = new Fifo<Entry>();
  #bytes = 0;

  get length(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += entry.draft.bytes.length;
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
