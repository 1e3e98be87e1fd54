/**
 * One sealed part of a topic (spec 6.3): what of it is live, by block, and the questions that retention, deletes and reads
 * ask of it. Its file is never written again; which of its records are deleted is kept here, and in the file's `.del`.
 *
 * What the part's own numbers cannot answer is read from its file, on the calling thread if it is not in the cache. Where
 * that shows damage the answer errs on the side of keeping: what cannot be counted is not taken before its block goes as
 * a whole.
 */
import { assert } from "../base/assert.ts";
import type { DeletedRange } from "../segment/delete-file.ts";
import { SegmentDamage } from "../segment/files.ts";
import type { PartIndex } from "../segment/index.ts";
import type { PartEntry } from "../segment/part-entry.ts";
import type { Chunk } from "./chunk.ts";
import type { PartReads } from "./part-reads.ts";
import { UnsavedDeaths } from "./unsaved-deaths.ts";

/** Slots of a block that were deleted one by one. */
export interface Deaths {
  bits: Uint32Array;
  count: number;
  bytes: number;
}

export interface LiveRun {
  readonly first: number;
  readonly last: number;
}

export class SealedPart {
  readonly entry: PartEntry;
  /** What is live behind the topic's front. */
  liveCount: number;
  liveBytes: number;
  readonly #reads: PartReads;
  #deaths: Map<number, Deaths> | undefined;
  #unsaved: UnsavedDeaths | undefined;

  constructor(entry: PartEntry, reads: PartReads, liveCount = entry.records, liveBytes = entry.bytes) {
    this.entry = entry;
    this.liveCount = liveCount;
    this.liveBytes = liveBytes;
    this.#reads = reads;
  }

  get index(): PartIndex {
    return this.#reads.index(this.entry);
  }

  deathsOf(block: number): Deaths | undefined {
    return this.#deaths?.get(block);
  }

  get hasDeaths(): boolean {
    return this.#deaths !== undefined;
  }

  get allDeaths(): ReadonlyMap<number, Deaths> {
    return this.#deaths ?? none;
  }

  /** With the deleted slots marked as they are now. Not to be kept. */
  chunk(block: number): Chunk {
    return this.mark(this.#reads.chunk(this.entry, this.index, block), block);
  }

  mark(chunk: Chunk, block: number): Chunk {
    chunk.deleted = this.#deaths?.get(block)?.bits;
    return chunk;
  }

  isContiguous(index: PartIndex, block: number): boolean {
    return index.lastSeq(block) - index.firstSeq(block) + 1 === index.records(block);
  }

  /** First live seq from `seq` on, 0 when there is none. */
  nextLive(seq: number): number {
    return orElse(
      () => this.#nextFrom(seq),
      () => Math.max(seq, this.entry.firstSeq),
    );
  }

  /** `$ts` of the record with that seq; of its block's first where it can't be read. */
  tsOf(seq: number): number {
    return orElse(
      () => this.#tsOf(seq),
      () => this.entry.firstTs,
    );
  }

  /** The last slot whose `$ts` is below `ts`, 0 when there is none. */
  lastBefore(ts: number): number {
    if (this.entry.firstTs >= ts) return 0;
    if (this.entry.lastTs < ts) return this.entry.lastSeq;
    return orElse(
      () => this.#lastBefore(ts),
      () => this.entry.firstSeq - 1,
    );
  }

  /** Live runs of a block from `from` on, in order; a block is only read when its slots are not contiguous. */
  *runs(index: PartIndex, block: number, from: number): Generator<LiveRun> {
    const first = index.firstSeq(block);
    const last = index.lastSeq(block);
    const deaths = this.#deaths?.get(block);
    if (!this.isContiguous(index, block)) {
      const chunk = this.chunk(block);
      for (let i = chunk.nextLive(chunk.slot(from)); i < chunk.count; i = chunk.nextLive(i + 1))
        yield { first: chunk.seq(i), last: chunk.seq(i) };
      return;
    }
    if (deaths === undefined) {
      yield { first: Math.max(first, from), last };
      return;
    }
    const count = last - first + 1;
    let i = nextClear(deaths.bits, Math.max(0, from - first), count);
    while (i < count) {
      const end = nextSet(deaths.bits, i, count);
      yield { first: first + i, last: first + end - 1 };
      i = nextClear(deaths.bits, end, count);
    }
  }

  /** Whether a slot is deleted, whatever the front says. */
  isDeleted(block: number, slot: number): boolean {
    const bits = this.#deaths?.get(block)?.bits;
    return bits !== undefined && isSet(bits, slot);
  }

  slotOf(index: PartIndex, block: number, seq: number): number {
    if (this.isContiguous(index, block)) return seq - index.firstSeq(block);
    return this.chunk(block).slot(seq);
  }

  /** Marks a live slot. `saved`: the `.del` file has it already. */
  kill(block: number, slot: number, bytes: number, saved = false): void {
    this.#deaths ??= new Map();
    let deaths = this.#deaths.get(block);
    if (deaths === undefined) {
      deaths = { bits: new Uint32Array(wordsFor(slot)), count: 0, bytes: 0 };
      this.#deaths.set(block, deaths);
    }
    if (slot >>> 5 >= deaths.bits.length) {
      const wider = new Uint32Array(Math.max(wordsFor(slot), deaths.bits.length * 2));
      wider.set(deaths.bits);
      deaths.bits = wider;
    }
    assert(!isSet(deaths.bits, slot), "a slot is deleted once");
    deaths.bits[slot >>> 5] |= 1 << (slot & 31);
    deaths.count++;
    deaths.bytes += bytes;
    if (!saved) (this.#unsaved ??= new UnsavedDeaths()).add(block, slot, bytes);
  }

  /** A range that the `.del` file tells of; `false` when it cannot be one of this part. */
  replayDeaths(range: DeletedRange): boolean {
    if (range.block >= this.entry.blocks || range.last >= this.entry.records || range.first > range.last) return false;
    for (let slot = range.first; slot <= range.last; slot++) {
      if (this.isDeleted(range.block, slot)) return false;
      this.kill(range.block, slot, slot === range.last ? range.bytes : 0, true);
    }
    return true;
  }

  /** What no `.del` file tells of yet; from now on it counts as told. */
  takeUnsaved(): UnsavedDeaths | undefined {
    const taken = this.#unsaved;
    this.#unsaved = undefined;
    return taken;
  }

  /** The block behind the one with this seq will be the front's before long. */
  prefetchBehind(seq: number): void {
    orElse(
      () => {
        const { index } = this;
        const next = index.blockOf(seq + 1);
        if (next < index.blocks) this.#reads.prefetch(this.entry, next);
      },
      () => undefined,
    );
  }

  #nextFrom(seq: number): number {
    const { index } = this;
    for (let block = index.blockOf(seq); block < index.blocks; block++) {
      const found = this.#nextInBlock(index, block, Math.max(seq, index.firstSeq(block)));
      if (found !== 0) return found;
    }
    return 0;
  }

  #tsOf(seq: number): number {
    const { index } = this;
    const block = index.blockOf(seq);
    assert(block < index.blocks && index.firstSeq(block) <= seq, "a part is asked for what it holds");
    if (index.firstSeq(block) === seq || index.firstTs(block) === index.lastTs(block)) return index.firstTs(block);
    const chunk = this.chunk(block);
    return chunk.ts(chunk.slot(seq));
  }

  #lastBefore(ts: number): number {
    const { index } = this;
    const block = index.blockBefore(ts);
    if (block < 0) return 0;
    if (index.lastTs(block) < ts) return index.lastSeq(block);
    return orElse(
      () => lastBefore(this.chunk(block), ts),
      () => index.firstSeq(block) - 1,
    );
  }

  #nextInBlock(index: PartIndex, block: number, seq: number): number {
    const deaths = this.#deaths?.get(block);
    if (deaths?.count === index.records(block)) return 0;
    if (deaths === undefined && index.firstSeq(block) === seq) return seq;
    for (const run of this.runs(index, block, seq)) return run.first;
    return 0;
  }
}

const none: ReadonlyMap<number, Deaths> = new Map();

/** What reading says, unless the disk has no answer. */
export function orElse<T>(read: () => T, otherwise: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SegmentDamage) return otherwise();
    throw error;
  }
}

function lastBefore(chunk: Chunk, ts: number): number {
  let first = 0;
  let end = chunk.count;
  while (first < end) {
    const middle = (first + end) >>> 1;
    if (chunk.ts(middle) < ts) first = middle + 1;
    else end = middle;
  }
  return first === 0 ? 0 : chunk.seq(first - 1);
}

function wordsFor(slot: number): number {
  return Math.max(4, (slot >>> 5) + 1);
}

function isSet(bits: Uint32Array, i: number): boolean {
  return (bits[i >>> 5] & (1 << (i & 31))) !== 0;
}

function nextClear(bits: Uint32Array, i: number, end: number): number {
  while (i < end) {
    const rest = ~bits[i >>> 5] >>> (i & 31);
    if (rest !== 0) return Math.min(i + (31 - Math.clz32(rest & -rest)), end);
    i = (i | 31) + 1;
  }
  return end;
}

function nextSet(bits: Uint32Array, i: number, end: number): number {
  while (i < end) {
    const rest = bits[i >>> 5] >>> (i & 31);
    if (rest !== 0) return Math.min(i + (31 - Math.clz32(rest & -rest)), end);
    i = (i | 31) + 1;
  }
  return end;
}
