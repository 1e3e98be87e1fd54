/**
 * Where the records of topics stand in the log that was replayed (spec 3.3): by topic, its frames of records in order, and its
 * holes. Places only: what is copied from them is read when it is its turn.
 */
import { decodeEntry } from "../topic/entries.ts";
import type { Hole } from "../topic/holes.ts";
import { isRetained } from "../topic/records-reader.ts";
import { frameKind } from "../wal/commit.ts";
import type { Frame } from "../wal/frame.ts";
import type { FramePlace } from "../wal/reread.ts";

/** Frames of one topic: seqs rise, and may lack some. */
export class SourceFrames {
  readonly holes: Hole[] = [];
  readonly #wantedFrom: number;
  readonly #firstSeqs: number[] = [];
  readonly #counts: number[] = [];
  readonly #files: number[] = [];
  readonly #positions: number[] = [];
  readonly #lengths: number[] = [];

  /** Nobody asks for lower seqs. */
  constructor(wantedFrom: number) {
    this.#wantedFrom = wantedFrom;
  }

  take({ fields, payload, fileIndex, offset, length }: Frame): void {
    const { kind, firstSeq, count } = fields;
    if (kind === frameKind.hole) {
      const outcome = decodeEntry(kind, payload);
      if (outcome.ok && outcome.entry.kind === "hole") this.holes.push(outcome.entry.hole);
    }
    // Retained ones were logged again when their topic became durable; what was copied of them stands in frames.
    if (kind !== frameKind.records || firstSeq + count <= this.#wantedFrom || isRetained(payload)) return;
    // Carried over into another file, and still where it was.
    if (this.length > 0 && firstSeq <= this.lastSeq(this.length - 1)) return;
    this.#firstSeqs.push(firstSeq);
    this.#counts.push(count);
    this.#files.push(fileIndex);
    this.#positions.push(offset);
    this.#lengths.push(length);
  }

  get length(): number {
    return this.#firstSeqs.length;
  }

  /** The frame that has `seq`; -1 when there is none. */
  find(seq: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.lastSeq(middle) < seq) low = middle + 1;
      else high = middle;
    }
    return low < this.length && this.#firstSeqs[low] <= seq ? low : -1;
  }

  firstSeq(at: number): number {
    return this.#firstSeqs[at];
  }

  lastSeq(at: number): number {
    return this.#firstSeqs[at] + this.#counts[at] - 1;
  }

  place(at: number): FramePlace {
    return { index: this.#files[at], position: this.#positions[at], length: this.#lengths[at] };
  }

  /** The lowest seq above `after` from which on nothing is missing up to `last`; behind `last` when that is missing itself. */
  unbrokenFrom(after: number, last: number): number {
    let at = this.find(last);
    if (at < 0) return last + 1;
    while (at > 0 && this.#firstSeqs[at] > after + 1 && this.lastSeq(at - 1) === this.#firstSeqs[at] - 1) at--;
    return Math.max(this.#firstSeqs[at], after + 1);
  }
}
