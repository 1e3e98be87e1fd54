/**
 * Records that lie one behind the other in one block, with a row of numbers for each. Slots whose record is deleted have
 * their bit set, in a bitmap that is made when the first is. Bytes and rows of published records never change.
 *
 * In a tail seqs are contiguous, and a slot that never had a record here (between retained ones, spec 6.1) is made as a
 * deleted one. A sealed block that was made without its dead records has a seq for each slot (sealed-block.ts).
 */
import { assert } from "../base/assert.ts";
import type { LogPlace } from "../wal/commit.ts";
import type { Predicate } from "../base/predicate.ts";
import type { Block } from "./block-pool.ts";
import type { RecordsEntry } from "./records-format.ts";

/** What the numbers of tags and nodes in a chunk's rows stand for. */
export interface ChunkNames {
  readonly tags:
    | {
        name(id: number): string;
        matching(predicate: Predicate): readonly number[];
        /** Seqs of a tag's records in order, where there is a list of them. */
        seqs?(id: number): readonly number[];
      }
    | undefined;
  readonly nodes: { find(node: string): number; name(id: number): string } | undefined;
}

/** A row's numbers, side by side: the filters read one or two of them, and a chunk of ten records is one small array. */
export const cell = { start: 0, dataBytes: 1, metaBytes: 2, age: 3, tag: 4, node: 5 } as const;
export const cellsPerRow = 6;
/** A node's number shares its cell with the record's hops (spec 3.2). */
export const nodeMask = 0x0fff_ffff;
export const hopsShift = 28;
const firstRows = 8;
const maxAge = 0xffff_ffff;

export class Chunk {
  readonly block: Block;
  readonly names: ChunkNames;
  readonly firstSeq: number;
  /** `$ts` of the oldest; the others' are kept as their distance from it. */
  readonly baseTs: number;
  /** No frame that the records came in lies before it; `undefined` when no frame holds them. */
  place: LogPlace | undefined;
  /** Distance of each slot's seq from the first, where they are not contiguous. */
  seqDeltas: Uint32Array | undefined;
  count = 0;
  /** Bytes taken in the block; the last record ends here. */
  used = 0;
  liveCount = 0;
  liveBytes = 0;
  /** Some slot has a tag or a node to be released with it. */
  named = false;
  /** Its tail has let go of it, and of what its tags and nodes stand for. */
  isGone = false;
  rows = new Uint32Array(firstRows * cellsPerRow);
  deleted: Uint32Array | undefined;

  constructor(block: Block, names: ChunkNames, firstSeq: number, baseTs: number, place: LogPlace | undefined) {
    this.block = block;
    this.names = names;
    this.firstSeq = firstSeq;
    this.baseTs = baseTs;
    this.place = place;
  }

  /** One behind the seq of the last slot. */
  get endSeq(): number {
    return this.seqDeltas === undefined ? this.firstSeq + this.count : this.seq(this.count - 1) + 1;
  }

  seq(i: number): number {
    return this.firstSeq + (this.seqDeltas === undefined ? i : this.seqDeltas[i]);
  }

  /** First slot whose seq is not below `seq`; `count` when there is none. */
  slot(seq: number): number {
    const delta = seq - this.firstSeq;
    if (this.seqDeltas === undefined) return Math.max(0, Math.min(this.count, delta));
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.seqDeltas[middle] < delta) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  start(i: number): number {
    return this.rows[i * cellsPerRow + cell.start];
  }

  end(i: number): number {
    return i + 1 < this.count ? this.rows[(i + 1) * cellsPerRow + cell.start] - 1 : this.used;
  }

  dataBytes(i: number): number {
    return this.rows[i * cellsPerRow + cell.dataBytes];
  }

  metaBytes(i: number): number {
    return this.rows[i * cellsPerRow + cell.metaBytes];
  }

  payloadBytes(i: number): number {
    const row = i * cellsPerRow;
    return this.rows[row + cell.dataBytes] + this.rows[row + cell.metaBytes];
  }

  ts(i: number): number {
    return this.baseTs + this.rows[i * cellsPerRow + cell.age];
  }

  tag(i: number): number {
    return this.rows[i * cellsPerRow + cell.tag];
  }

  node(i: number): number {
    return this.rows[i * cellsPerRow + cell.node] & nodeMask;
  }

  /** Links of a cycle that the record came through. */
  hops(i: number): number {
    return this.rows[i * cellsPerRow + cell.node] >>> hopsShift;
  }

  isDeleted(i: number): boolean {
    return this.deleted !== undefined && (this.deleted[i >>> 5] & (1 << (i & 31))) !== 0;
  }

  /** First slot from `i` on that is not deleted; `count` when there is none. */
  nextLive(i: number): number {
    const { deleted, count } = this;
    if (deleted === undefined) return Math.min(i, count);
    while (i < count) {
      const rest = ~deleted[i >>> 5] >>> (i & 31);
      if (rest !== 0) return Math.min(i + (31 - Math.clz32(rest & -rest)), count);
      i = (i | 31) + 1;
    }
    return count;
  }

  /** First slot from `i` on, and at most `end`, that is deleted. */
  nextDeleted(i: number, end: number): number {
    const { deleted } = this;
    if (deleted === undefined) return end;
    while (i < end) {
      const rest = deleted[i >>> 5] >>> (i & 31);
      if (rest !== 0) return Math.min(i + (31 - Math.clz32(rest & -rest)), end);
      i = (i | 31) + 1;
    }
    return end;
  }

  markDeleted(i: number): void {
    assert(i < this.count && !this.isDeleted(i), "a slot is deleted once");
    this.#bitmap()[i >>> 5] |= 1 << (i & 31);
    this.liveCount--;
    this.liveBytes -= this.payloadBytes(i);
  }

  /** Whether records of age `ts` still fit into this chunk's rows. */
  reaches(ts: number): boolean {
    return ts - this.baseTs <= maxAge;
  }

  /** Room for more record bytes, their comma included. */
  get room(): number {
    return this.block.bytes.length - this.used - Number(this.count > 0);
  }

  /** Takes records `from` … `to`-1 of a batch, whose wire bytes must fit. */
  take(entry: RecordsEntry, from: number, to: number, ts: number): void {
    const begin = entry.start(from);
    const end = entry.start(to) - 1;
    const bytes = this.block.bytes;
    if (this.count > 0) bytes[this.used++] = 0x2c;
    const shift = this.used - begin;
    assert(this.used + end - begin <= bytes.length, "records fit into their block");
    bytes.set(entry.bytes.subarray(entry.wireAt + begin, entry.wireAt + end), this.used);
    this.used += end - begin;
    this.#reserve(this.count + to - from);
    const rows = this.rows;
    const age = ts - this.baseTs;
    let row = this.count * cellsPerRow;
    let payload = 0;
    for (let i = from; i < to; i++, row += cellsPerRow) {
      const dataBytes = entry.dataBytes(i);
      const metaBytes = entry.metaBytes(i);
      rows[row + cell.start] = entry.start(i) + shift;
      rows[row + cell.dataBytes] = dataBytes;
      rows[row + cell.metaBytes] = metaBytes;
      rows[row + cell.age] = age;
      payload += dataBytes + metaBytes;
    }
    this.count += to - from;
    this.liveCount += to - from;
    this.liveBytes += payload;
  }

  setNames(i: number, tag: number, node: number): void {
    assert(node <= nodeMask, "there are fewer nodes than their numbers");
    this.rows[i * cellsPerRow + cell.tag] = tag;
    this.rows[i * cellsPerRow + cell.node] |= node;
    this.named = true;
  }

  setHops(i: number, hops: number): void {
    this.rows[i * cellsPerRow + cell.node] |= hops << hopsShift;
  }

  /** Slots without a record, behind the last one. */
  skip(slots: number, ts: number): void {
    assert(this.count > 0, "a chunk begins with a record");
    this.#reserve(this.count + slots);
    for (let i = 0; i < slots; i++) {
      const row = this.count * cellsPerRow;
      this.rows.fill(0, row, row + cellsPerRow);
      this.rows[row + cell.start] = this.used + 1;
      this.rows[row + cell.age] = ts - this.baseTs;
      this.#bitmap()[this.count >>> 5] |= 1 << (this.count & 31);
      this.count++;
    }
  }

  #reserve(count: number): void {
    if (count * cellsPerRow > this.rows.length) {
      const rows = new Uint32Array(Math.max(count, (this.rows.length / cellsPerRow) * 2) * cellsPerRow);
      rows.set(this.rows);
      this.rows = rows;
    }
    if (this.deleted !== undefined) this.#bitmap(count);
  }

  #bitmap(count: number = this.count + 1): Uint32Array {
    const words = (Math.max(count, this.rows.length / cellsPerRow) + 31) >>> 5;
    if (this.deleted === undefined) this.deleted = new Uint32Array(words);
    else if (this.deleted.length < words) {
      const wider = new Uint32Array(words);
      wider.set(this.deleted);
      this.deleted = wider;
    }
    return this.deleted;
  }
}
