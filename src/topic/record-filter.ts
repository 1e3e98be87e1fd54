/**
 * A reader's filters as numbers (spec 1.8, steps 4 and 5): the tags it wants, and the nodes it does not. A filter that
 * nothing in the topic can fail is no filter.
 */
import type { Predicate } from "../base/predicate.ts";
import { cell, cellsPerRow, type Chunk, type ChunkNames, nodeMask } from "./chunk.ts";

export class RecordFilter {
  /** By number, whether a tag is wanted; 0, no tag, never is. `undefined` when tags do not matter. */
  readonly #wanted: Uint8Array | undefined;
  /** The wanted tag's own records, when there is just one: they are jumped to. */
  readonly #seqs: readonly number[] | undefined;
  readonly #nodes: ReadonlySet<number>;
  #place = 0;

  constructor(tags: ChunkNames["tags"], match: Predicate | undefined, nodes: readonly number[], from: number) {
    this.#nodes = new Set(nodes);
    if (match === undefined) return;
    const ids = tags?.matching(match) ?? [];
    if (tags === undefined || ids.length === 0) this.#seqs = [];
    else if (ids.length === 1 && tags.seqs !== undefined) {
      this.#seqs = tags.seqs(ids[0]);
      this.#place = firstNotBelow(this.#seqs, from);
    } else {
      this.#wanted = new Uint8Array(Math.max(...ids) + 1);
      for (const id of ids) this.#wanted[id] = 1;
    }
  }

  /** First slot from `i` on, and at most `end`, that passes. Slots are asked for in ascending order. */
  nextPassing(chunk: Chunk, i: number, end: number): number {
    if (this.#seqs === undefined) {
      while (i < end && !this.#passes(chunk.rows, i * cellsPerRow)) i++;
      return i;
    }
    for (; i < end; i++) {
      const seq = this.#nextSeq(chunk.firstSeq + i);
      if (seq >= chunk.firstSeq + end) return end;
      // Only a tail has lists of seqs, and its slots are contiguous.
      i = seq - chunk.firstSeq;
      if (this.#passes(chunk.rows, i * cellsPerRow)) return i;
    }
    return end;
  }

  nextFailing(chunk: Chunk, i: number, end: number): number {
    const { firstSeq } = chunk;
    while (
      i < end &&
      (this.#seqs === undefined || this.#nextSeq(firstSeq + i) === firstSeq + i) &&
      this.#passes(chunk.rows, i * cellsPerRow)
    )
      i++;
    return i;
  }

  /** Whether slots are jumped over without being looked at. */
  get jumps(): boolean {
    return this.#seqs !== undefined;
  }

  /** The first of the tag's seqs that is not below `seq`. */
  #nextSeq(seq: number): number {
    const seqs = this.#seqs ?? [];
    while (this.#place < seqs.length && seqs[this.#place] < seq) this.#place++;
    return seqs[this.#place] ?? Infinity;
  }

  #passes(rows: Uint32Array, row: number): boolean {
    if (this.#wanted !== undefined && this.#wanted[rows[row + cell.tag]] !== 1) return false;
    const node = rows[row + cell.node] & nodeMask;
    return node === 0 || this.#nodes.size === 0 || !this.#nodes.has(node);
  }
}

/** A reader's filters for one chunk after the other; `undefined` for one in which every record passes. */
export class RecordFilters {
  readonly #match: Predicate | undefined;
  readonly #nodes: readonly string[];
  readonly #from: number;
  #names: ChunkNames | undefined;
  #filter: RecordFilter | undefined;

  constructor(match: Predicate | undefined, nodes: readonly string[], from: number) {
    this.#match = match;
    this.#nodes = nodes;
    this.#from = from;
  }

  of({ names }: Chunk): RecordFilter | undefined {
    if (this.#match === undefined && this.#nodes.length === 0) return undefined;
    if (names !== this.#names) {
      this.#names = names;
      const own = this.#nodes.map((node) => names.nodes?.find(node) ?? 0).filter((id) => id !== 0);
      const passes = this.#match === undefined && own.length === 0;
      this.#filter = passes ? undefined : new RecordFilter(names.tags, this.#match, own, this.#from);
    }
    return this.#filter;
  }
}

function firstNotBelow(seqs: readonly number[], seq: number): number {
  let low = 0;
  let high = seqs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (seqs[middle] < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
