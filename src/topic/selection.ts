/**
 * Which records an answer holds (spec 1.8, steps 3 to 6): the live ones behind a cursor that pass the reader's filters,
 * bounded by number, by bytes, and by how many are looked at. They are kept as runs of neighbours: an unfiltered read
 * does no work per record.
 */
import type { Chunk } from "./chunk.ts";
import type { RecordFilter, RecordFilters } from "./record-filter.ts";
import type { RecordShape } from "./record-shape.ts";

/** A filtered read ends, and says how far it came, before it holds up everyone else. */
export const maxFilteredScan = 1 << 16;

export interface Bounds {
  /** First seq to look at, and the last. */
  readonly from: number;
  readonly until: number;
  readonly limit: number;
  readonly maxBytes: number;
}

export class Selection {
  /** Run n is slots `first[n]` … `end[n]`-1 of `chunks[n]`. */
  readonly chunks: Chunk[] = [];
  readonly first: number[] = [];
  readonly end: number[] = [];
  count = 0;
  /** Of the answer, commas included. */
  bytes = 0;
  scanned = 0;
  /** Everything up to here was looked at. */
  reached: number;
  readonly #bounds: Bounds;
  readonly #filters: RecordFilters;
  readonly #shape: RecordShape | undefined;
  #filter: RecordFilter | undefined;

  constructor(bounds: Bounds, filters: RecordFilters, shape: RecordShape | undefined) {
    this.#bounds = bounds;
    this.#filters = filters;
    this.#shape = shape;
    this.reached = bounds.until;
  }

  /** What the answer has room for, by the two bounds on it. */
  get room(): { readonly records: number; readonly bytes: number } {
    return { records: this.#bounds.limit - this.count, bytes: this.#bounds.maxBytes - this.bytes };
  }

  /** Takes what is wanted of the next chunk; `false` when the answer is full. */
  take(chunk: Chunk): boolean {
    this.#filter = this.#filters.of(chunk);
    const end = chunk.slot(this.#bounds.until + 1);
    let i = chunk.nextLive(chunk.slot(this.#bounds.from));
    while (i < end) {
      const runEnd = chunk.nextDeleted(i, end);
      const taken = this.#filter === undefined ? this.#takeRun(chunk, i, runEnd) : this.#takePassing(chunk, i, runEnd);
      if (taken < runEnd) {
        this.reached = chunk.seq(taken) - 1;
        return false;
      }
      i = chunk.nextLive(runEnd);
    }
    return true;
  }

  #takePassing(chunk: Chunk, i: number, end: number): number {
    const filter = this.#filter!;
    while (i < end) {
      const stop = filter.jumps ? end : Math.min(end, i + maxFilteredScan - this.scanned);
      const first = filter.nextPassing(chunk, i, stop);
      if (!filter.jumps) this.scanned += first - i;
      if (first === stop) return stop;
      const runEnd = filter.nextFailing(chunk, first, stop);
      const taken = this.#takeRun(chunk, first, runEnd);
      if (taken < runEnd) return taken;
      i = runEnd;
    }
    return end;
  }

  /** Takes what the bounds allow of a run that is wanted whole; returns the first slot not taken. */
  #takeRun(chunk: Chunk, first: number, end: number): number {
    let taken = Math.min(end, first + this.#bounds.limit - this.count);
    const room = this.#bounds.maxBytes - this.bytes - Number(this.count > 0);
    if (this.#bytesOf(chunk, first, taken) > room) taken = this.#lastWithin(chunk, first, taken, room);
    if (this.count === 0 && taken === first) taken++;
    this.scanned += taken - first;
    if (taken > first) {
      this.bytes += this.#bytesOf(chunk, first, taken) + Number(this.count > 0);
      this.count += taken - first;
      this.chunks.push(chunk);
      this.first.push(first);
      this.end.push(taken);
    }
    return taken;
  }

  #bytesOf(chunk: Chunk, first: number, end: number): number {
    if (this.#shape !== undefined) return this.#shape.bytesOf(chunk, first, end);
    return end === first ? 0 : chunk.end(end - 1) - chunk.start(first);
  }

  #lastWithin(chunk: Chunk, first: number, end: number, room: number): number {
    let low = first;
    let high = end;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#bytesOf(chunk, first, middle) <= room) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
