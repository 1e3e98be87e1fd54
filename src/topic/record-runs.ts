/**
 * Live records out of chunks, gathered for one payload with a seq and a time for each (records-format.ts): what goes into
 * a block of a segment, or into the frame of a record that an `ephemeral` topic kept. Runs of neighbours are kept as runs.
 */
import { assert } from "../base/assert.ts";
import type { RecordColumns } from "../base/record.ts";
import { cell, cellsPerRow, type Chunk, type ChunkNames, hopsShift, nodeMask } from "./chunk.ts";
import type { RecordsEntry } from "./records-format.ts";
import { layoutRecords, type RecordsLayout, type StringColumn, writeRecords } from "./records-writer.ts";

const maxDelta = 0x7fff_ffff;
const comma = 0x2c;
/** Of a record that has neither tag nor node. */
const columnBytes = 20;

export interface RunsLimit {
  readonly records: number;
  /** Wire bytes and columns; one record always fits. */
  readonly bytes: number;
}

export class RecordRuns {
  readonly #limit: RunsLimit;
  readonly #chunks: Chunk[] = [];
  readonly #first: number[] = [];
  readonly #end: number[] = [];
  #count = 0;
  #bytes = 0;
  #firstSeq = 0;
  #baseTs = 0;
  #lastSeq = 0;
  #lastTs = 0;

  constructor(limit: RunsLimit) {
    this.#limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  get firstSeq(): number {
    return this.#firstSeq;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get firstTs(): number {
    return this.#baseTs;
  }

  get lastTs(): number {
    return this.#lastTs;
  }

  /** Takes live slots of a chunk from `from` on, before `until`; returns the first that did not fit, `until` when all did. */
  take(chunk: Chunk, from: number, took?: (first: number, end: number) => void, until = chunk.count): number {
    let i = chunk.nextLive(from);
    while (i < until) {
      const end = chunk.nextDeleted(i, until);
      const taken = this.#takeRun(chunk, i, end);
      if (taken > i) took?.(i, taken);
      if (taken < end) return taken;
      i = chunk.nextLive(end);
    }
    return until;
  }

  #takeRun(chunk: Chunk, first: number, end: number): number {
    if (this.#count === 0) [this.#firstSeq, this.#baseTs] = [chunk.seq(first), chunk.ts(first)];
    let i = first;
    let bytes = this.#bytes;
    const room = this.#limit.records - this.#count;
    for (; i < end && i - first < room; i++) {
      const length = chunk.end(i) - chunk.start(i) + 1 + columnBytes;
      const empty = this.#count === 0 && i === first;
      if (!empty && (bytes + length > this.#limit.bytes || this.#isFar(chunk, i))) break;
      bytes += length;
    }
    if (i === first) return first;
    this.#chunks.push(chunk);
    this.#first.push(first);
    this.#end.push(i);
    this.#count += i - first;
    this.#bytes = bytes;
    [this.#lastSeq, this.#lastTs] = [chunk.seq(i - 1), chunk.ts(i - 1)];
    return i;
  }

  #isFar(chunk: Chunk, i: number): boolean {
    return chunk.seq(i) - this.#firstSeq > maxDelta || chunk.ts(i) - this.#baseTs > maxDelta;
  }

  each(visit: (chunk: Chunk, i: number) => void): void {
    for (let n = 0; n < this.#chunks.length; n++)
      for (let i = this.#first[n]; i < this.#end[n]; i++) visit(this.#chunks[n], i);
  }

  /** Sizes of it all; the chunks must stay as they are until it is written. */
  plan(): PlannedRuns {
    assert(this.#count > 0, "a payload has records");
    const n = this.#count;
    const starts = new Uint32Array(n);
    const dataBytes = new Uint32Array(n);
    const metaBytes = new Uint32Array(n);
    const seqDeltas = new Uint32Array(n);
    const tsDeltas = new Uint32Array(n);
    const tags = new NameColumn(n, (names, id) => names.tags?.name(id) ?? "");
    const nodes = new NameColumn(n, (names, id) => names.nodes?.name(id) ?? "");
    let hops: Uint32Array | undefined;
    let at = 0;
    let out = 0;
    for (let run = 0; run < this.#chunks.length; run++) {
      const chunk = this.#chunks[run];
      const { rows } = chunk;
      const age = chunk.baseTs - this.#baseTs;
      for (let i = this.#first[run], row = i * cellsPerRow; i < this.#end[run]; i++, row += cellsPerRow, out++) {
        starts[out] = at;
        at += chunk.end(i) - rows[row + cell.start] + 1;
        dataBytes[out] = rows[row + cell.dataBytes];
        metaBytes[out] = rows[row + cell.metaBytes];
        seqDeltas[out] = chunk.seq(i) - this.#firstSeq;
        tsDeltas[out] = rows[row + cell.age] + age;
        if (rows[row + cell.tag] !== 0) tags.set(out, chunk.names, rows[row + cell.tag]);
        const node = rows[row + cell.node];
        if ((node & nodeMask) !== 0) nodes.set(out, chunk.names, node & nodeMask);
        if (node > nodeMask) (hops ??= new Uint32Array(n))[out] = node >>> hopsShift;
      }
    }
    const layout = layoutRecords({
      ts: this.#baseTs,
      count: n,
      key: undefined,
      wireBytes: at - 1,
      tags: tags.column,
      nodes: nodes.column,
      retained: { seqDeltas, tsDeltas },
      hops,
    });
    return new PlannedRuns(layout, { starts, dataBytes, metaBytes }, this.#chunks, this.#first, this.#end);
  }
}

export class PlannedRuns {
  readonly layout: RecordsLayout;
  readonly columns: RecordColumns;
  readonly #chunks: readonly Chunk[];
  readonly #first: readonly number[];
  readonly #end: readonly number[];

  constructor(
    layout: RecordsLayout,
    columns: RecordColumns,
    chunks: readonly Chunk[],
    first: readonly number[],
    end: readonly number[],
  ) {
    this.layout = layout;
    this.columns = columns;
    this.#chunks = chunks;
    this.#first = first;
    this.#end = end;
  }

  /** Fills all of `into`, which has the length that was laid out. */
  write(into: Buffer): RecordsEntry {
    let at = this.layout.wireAt;
    for (let run = 0; run < this.#chunks.length; run++) {
      const chunk = this.#chunks[run];
      if (run > 0) into[at++] = comma;
      at += chunk.block.bytes.copy(into, at, chunk.start(this.#first[run]), chunk.end(this.#end[run] - 1));
    }
    return writeRecords(this.layout, this.columns, into);
  }
}

/** Numbers of several chunks' names as numbers of one table. */
export class NameColumn {
  readonly #nameOf: (names: ChunkNames, id: number) => string;
  readonly #count: number;
  readonly #places = new Map<string, number>();
  #index: Uint32Array | undefined;
  #lastNames: ChunkNames | undefined;
  #known = new Map<number, number>();

  constructor(count: number, nameOf: (names: ChunkNames, id: number) => string) {
    this.#count = count;
    this.#nameOf = nameOf;
  }

  set(at: number, names: ChunkNames, id: number): void {
    this.#index ??= new Uint32Array(this.#count);
    if (names !== this.#lastNames) {
      this.#lastNames = names;
      this.#known = new Map();
    }
    let place = this.#known.get(id);
    if (place === undefined) {
      place = this.#placeOf(this.#nameOf(names, id));
      this.#known.set(id, place);
    }
    this.#index[at] = place;
  }

  get column(): StringColumn | undefined {
    return this.#index && { names: [...this.#places.keys()], index: this.#index };
  }

  #placeOf(name: string): number {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    this.#places.set(name, this.#places.size + 1);
    return this.#places.size;
  }
}
