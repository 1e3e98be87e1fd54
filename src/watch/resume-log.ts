/**
 * The last frames of one stream, by number, so that a short id can stand for many cursors (spec 4.2). Each frame moved one
 * cursor; undone from the newest backwards they lead to any of them. What is older than the log is not known any more.
 */
import type { Cursors } from "./cursor.ts";

const maxFrames = 4096;

interface Step {
  readonly name: string;
  readonly before: number;
}

export class ResumeLog {
  readonly stream: number;
  readonly #cursors: Cursors;
  readonly #steps: Step[] = [];
  /** Number of the first frame in the log; the next one gets `first` + its length. */
  #first = 1;

  /** `cursors` are the stream's own, as they go on. */
  constructor(stream: number, cursors: Cursors) {
    this.stream = stream;
    this.#cursors = cursors;
  }

  /** Number of the last frame. */
  get last(): number {
    return this.#first + this.#steps.length - 1;
  }

  /** A frame is about to move the cursor of `name`, or leaves it where it is; returns its number. */
  take(name: string, before: number): number {
    if (this.#steps.length >= 2 * maxFrames) this.#first += this.#steps.splice(0, maxFrames).length;
    this.#steps.push({ name, before });
    return this.#first + this.#steps.length - 1;
  }

  /** Where the stream stood behind a frame; `undefined` when that is not known. Frame 0 is its beginning. */
  behind(frame: number): Map<string, number> | undefined {
    const at = frame - this.#first;
    if (at < -1 || at >= this.#steps.length) return undefined;
    const seqs = new Map<string, number>();
    for (const [name, { seq }] of this.#cursors) seqs.set(name, seq);
    for (let i = this.#steps.length - 1; i > at; i--) seqs.set(this.#steps[i].name, this.#steps[i].before);
    return seqs;
  }
}
