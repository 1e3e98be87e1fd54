/**
 * The records of a topic that are in memory, in seq order, in chunks over pooled blocks (spec 1.3, 1.6, 1.7). Knows which
 * slots are live and what they weigh; knows nothing of why one is not. Between chunks lie seqs without a live record:
 * deleted ones, whose bytes are gone, and holes.
 *
 * Everything in front of `frontSeq` has been cut off; `frontSeq` is always a live record while there is one.
 */
import { assert } from "../base/assert.ts";
import type { LogPlace } from "../wal/commit.ts";
import { type BlockPool, largestBlockBytes, smallestBlockBytes } from "./block-pool.ts";
import { Chunk } from "./chunk.ts";
import type { FrontLimit, FrontSpan } from "./front.ts";
import { Labels } from "./labels.ts";
import type { RecordsEntry } from "./records-format.ts";

/** What a chunk and a tag cost beside their bytes, roughly: garbage that is not collected yet counts as theirs. */
const chunkOverheadBytes = 512;
const tagOverheadBytes = 320;

/** Shorter gaps between retained records become deleted slots; longer ones end the chunk. */
const maxSkippedSlots = 1024;

export class Tail {
  /** Told of live records just before they leave: who forwards them may not have come so far (3.2). */
  leaving: ((firstSeq: number, lastSeq: number) => void) | undefined;
  readonly #pool: BlockPool;
  readonly #chunks: Chunk[] = [];
  #place: LogPlace | undefined;
  #labels = new Labels();
  #frontSeq = 0;
  #count = 0;
  #bytes = 0;
  #chunkBytes = 0;
  /** The last chunk takes no more records: somebody is sealing it. */
  #closed = false;
  #generation = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get labels(): Labels {
    return this.#labels;
  }

  /** First live seq; only while there is one. */
  get frontSeq(): number {
    assert(this.#count > 0, "an empty tail has no front");
    return this.#frontSeq;
  }

  get frontTs(): number {
    return this.#chunks[0].ts(this.frontSeq - this.#chunks[0].firstSeq);
  }

  /** Goes up whenever everything goes at once: what comes then is not what was there, whatever its seqs. */
  get generation(): number {
    return this.#generation;
  }

  get chunks(): readonly Chunk[] {
    return this.#chunks;
  }

  /** Memory behind the records, rows and tags included. */
  get heldBytes(): number {
    return this.#chunkBytes + tagOverheadBytes * (this.#labels.tags?.size ?? 0);
  }

  /** No frame that live records came in lies before it; `undefined` when none is logged. */
  get place(): LogPlace | undefined {
    for (const chunk of this.#chunks) if (chunk.place !== undefined) return chunk.place;
    return undefined;
  }

  /** Records of a batch from the one at `start` on, which a frame at or behind `place` holds. */
  append(firstSeq: number, entry: RecordsEntry, place: LogPlace | undefined, start = 0): void {
    const last = this.#chunks.at(-1);
    assert(last === undefined || firstSeq + entry.seqDelta(start) >= last.endSeq, "records are appended in order");
    if (this.#count === 0) this.#frontSeq = firstSeq + entry.seqDelta(start);
    this.#place = place;
    for (let from = start; from < entry.count;) {
      let to = entry.hasTimes ? from + 1 : entry.count;
      const gap = entry.seqDelta(from) - from;
      const ts = entry.ts + entry.tsDelta(from);
      while (to < entry.count && entry.seqDelta(to) - to === gap && entry.ts + entry.tsDelta(to) === ts) to++;
      this.#appendRun(firstSeq + from + gap, entry, from, to, ts);
      from = to;
    }
  }

  /** Place of the first chunk that holds `seq` or something behind it. */
  locate(seq: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#chunks[middle].endSeq <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  isLive(seq: number): boolean {
    if (this.#count === 0 || seq < this.#frontSeq) return false;
    const chunk = this.#chunks[this.locate(seq)] as Chunk | undefined;
    return chunk !== undefined && seq >= chunk.firstSeq && !chunk.isDeleted(seq - chunk.firstSeq);
  }

  /** First live seq behind `seq`, 0 when there is none. */
  nextLive(seq: number): number {
    for (let place = this.locate(seq + 1); place < this.#chunks.length; place++) {
      const chunk = this.#chunks[place];
      const i = chunk.nextLive(Math.max(0, Math.max(seq + 1, this.#frontSeq) - chunk.firstSeq));
      if (i < chunk.count) return chunk.firstSeq + i;
    }
    return 0;
  }

  /** The last slot whose `$ts` is below `ts`, 0 when there is none. */
  lastBefore(ts: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#chunks[middle].baseTs < ts) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return 0;
    const chunk = this.#chunks[low - 1];
    let first = 0;
    let end = chunk.count;
    while (first < end) {
      const middle = (first + end) >>> 1;
      if (chunk.ts(middle) < ts) first = middle + 1;
      else end = middle;
    }
    return chunk.firstSeq + first - 1;
  }

  /** What `limit` asks for, run by run; nothing is changed. */
  measureFront(limit: FrontLimit, run?: (first: number, last: number) => void): FrontSpan {
    let count = 0;
    let bytes = 0;
    let last = 0;
    let countInLast = 0;
    let bytesInLast = 0;
    const more = (seq: number): boolean => seq <= limit.through || count < limit.count || bytes < limit.bytes;
    for (const chunk of this.#chunks) {
      let i = chunk.nextLive(Math.max(0, this.#frontSeq - chunk.firstSeq));
      if (i === chunk.count || !more(chunk.firstSeq + i)) break;
      [countInLast, bytesInLast] = [count, bytes];
      if (chunk.deleted === undefined && chunk.endSeq - 1 <= limit.through) {
        count += chunk.liveCount;
        bytes += chunk.liveBytes;
        last = chunk.endSeq - 1;
        run?.(chunk.firstSeq + i, last);
      } else {
        while (i < chunk.count && more(chunk.firstSeq + i)) {
          const first = i;
          const end = chunk.nextDeleted(i, chunk.count);
          for (; i < end && more(chunk.firstSeq + i); i++) {
            count++;
            bytes += chunk.payloadBytes(i);
          }
          last = chunk.firstSeq + i - 1;
          run?.(chunk.firstSeq + first, last);
          i = chunk.nextLive(i);
        }
      }
      [countInLast, bytesInLast] = [count - countInLast, bytes - bytesInLast];
    }
    return { count, bytes, last, countInLast, bytesInLast };
  }

  /** Cuts off what was measured, and with it the chunks that hold nothing else. */
  cutFront(span: FrontSpan): void {
    if (span.count === 0) return;
    this.leaving?.(this.#frontSeq, span.last);
    const place = this.locate(span.last);
    const chunk = this.#chunks[place];
    chunk.liveCount -= span.countInLast;
    chunk.liveBytes -= span.bytesInLast;
    this.#count -= span.count;
    this.#bytes -= span.bytes;
    const next = this.nextLive(span.last);
    this.#frontSeq = next === 0 ? span.last + 1 : next;
    const dead = next === 0 ? this.#chunks.length : this.locate(next);
    this.#drop(0, dead);
  }

  /** Takes single live records out; the seqs are in order. */
  remove(seqs: readonly number[]): void {
    const isLive = (seq: number): boolean => this.isLive(seq);
    let place = -1;
    let chunk: Chunk | undefined;
    if (this.leaving !== undefined) for (const seq of seqs) this.leaving(seq, seq);
    for (const seq of seqs) {
      if (chunk === undefined || seq < chunk.firstSeq || seq >= chunk.endSeq) {
        if (chunk?.liveCount === 0) this.#drop(place, 1);
        place = this.locate(seq);
        chunk = this.#chunks[place];
      }
      const i = seq - chunk.firstSeq;
      this.#count--;
      this.#bytes -= chunk.payloadBytes(i);
      chunk.markDeleted(i);
      this.#labels.release(chunk, i, isLive);
    }
    if (chunk?.liveCount === 0) this.#drop(place, 1);
    this.#settle();
  }

  /** From now on records go into another chunk. */
  close(): void {
    this.#closed = true;
  }

  /** Frames at or behind `place` hold all of it now. */
  logged(place: LogPlace): void {
    for (const chunk of this.#chunks) chunk.place ??= place;
  }

  /** What is live in the chunks up to `lastSeq`, where one ends. */
  liveThrough(lastSeq: number): { readonly count: number; readonly bytes: number } {
    let count = 0;
    let bytes = 0;
    for (const chunk of this.#chunks.slice(0, this.locate(lastSeq + 1))) {
      count += chunk.liveCount;
      bytes += chunk.liveBytes;
    }
    return { count, bytes };
  }

  /** Gives up the chunks up to `lastSeq`, where one ends: they are somewhere else now. */
  giveUp(lastSeq: number): { readonly count: number; readonly bytes: number } {
    const chunks = this.locate(lastSeq + 1);
    const { count, bytes } = this.liveThrough(lastSeq);
    this.#count -= count;
    this.#bytes -= bytes;
    // What is behind them is live from its first slot that is.
    const next = this.nextLive(lastSeq);
    if (this.#frontSeq <= lastSeq) this.#frontSeq = next === 0 ? lastSeq + 1 : next;
    this.#drop(0, chunks);
    // Tables that have grown do not shrink, and nothing refers to them any more.
    if (this.#chunks.length === 0) this.#labels = new Labels();
    return { count, bytes };
  }

  /** Everything goes, the blocks to whoever comes next. */
  clear(): void {
    this.#generation++;
    if (this.#count > 0) this.leaving?.(this.#frontSeq, this.#chunks.at(-1)!.endSeq - 1);
    for (const chunk of this.#chunks) chunk.block.unpin();
    this.#chunks.length = 0;
    this.#labels = new Labels();
    this.#count = this.#bytes = this.#chunkBytes = 0;
  }

  #settle(): void {
    if (this.#count === 0) return;
    const next = this.nextLive(this.#frontSeq - 1);
    assert(next !== 0, "a tail with live records has a first one");
    this.#frontSeq = next;
    this.#drop(0, this.locate(next));
  }

  #drop(place: number, chunks: number): void {
    const front = this.#frontSeq;
    const dropped = this.#chunks.splice(place, chunks);
    for (const chunk of dropped) {
      assert(chunk.liveCount === 0 || chunk.endSeq <= front, "a chunk is dropped when nothing in it is live");
      this.#chunkBytes -= bytesOf(chunk);
      this.#releaseAll(chunk);
      chunk.isGone = true;
      chunk.block.unpin();
    }
  }

  #releaseAll(chunk: Chunk): void {
    if (!chunk.named) return;
    const isLive = (seq: number): boolean => this.isLive(seq);
    for (let i = chunk.nextLive(0); i < chunk.count; i = chunk.nextLive(i + 1)) this.#labels.release(chunk, i, isLive);
  }

  #appendRun(seq: number, entry: RecordsEntry, from: number, to: number, ts: number): void {
    while (from < to) {
      const chunk = this.#chunkFor(seq, entry, from, to, ts);
      const end = lastFitting(entry, from, to, chunk.room);
      const at = chunk.count;
      const before = chunk.liveBytes;
      this.#chunkBytes -= bytesOf(chunk);
      chunk.take(entry, from, end, ts);
      this.#chunkBytes += bytesOf(chunk);
      this.#labels.attach(entry, from, end, chunk, at);
      if (entry.hasHops) for (let i = from; i < end; i++) chunk.setHops(at + i - from, entry.hops(i));
      this.#count += end - from;
      this.#bytes += chunk.liveBytes - before;
      seq += end - from;
      from = end;
    }
  }

  #chunkFor(seq: number, entry: RecordsEntry, from: number, to: number, ts: number): Chunk {
    const firstBytes = entry.start(from + 1) - 1 - entry.start(from);
    const last = this.#chunks.at(-1);
    const sameFrame = last !== undefined && (last.place === undefined) === (this.#place === undefined);
    if (last !== undefined && !this.#closed && sameFrame && last.reaches(ts) && last.room >= firstBytes) {
      const gap = seq - last.endSeq;
      if (gap === 0) return last;
      if (entry.retained && from > 0 && gap <= maxSkippedSlots) {
        this.#chunkBytes -= bytesOf(last);
        last.skip(gap, ts);
        this.#chunkBytes += bytesOf(last);
        return last;
      }
    }
    const batchBytes = entry.start(to) - 1 - entry.start(from);
    const block = this.#pool.take(this.#nextBlockBytes(firstBytes, batchBytes));
    const chunk = new Chunk(block, this.#labels, seq, ts, this.#place);
    this.#closed = false;
    this.#chunks.push(chunk);
    this.#chunkBytes += bytesOf(chunk);
    return chunk;
  }

  /** As large as what is there already, so that blocks double and a topic's memory stays near its contents. */
  #nextBlockBytes(firstBytes: number, batchBytes: number): number {
    let held = smallestBlockBytes;
    for (let i = this.#chunks.length - 1; i >= 0 && held < largestBlockBytes; i--) held += this.#chunks[i].used;
    return Math.max(firstBytes, Math.min(Math.max(batchBytes, held), largestBlockBytes));
  }
}

function bytesOf(chunk: Chunk): number {
  return chunkOverheadBytes + chunk.block.bytes.length + chunk.rows.byteLength;
}

/** How far records from `from` on fit into `room` bytes; at least one does. */
function lastFitting(entry: RecordsEntry, from: number, to: number, room: number): number {
  const begin = entry.start(from);
  if (entry.start(to) - 1 - begin <= room) return to;
  let low = from + 1;
  let high = to;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (entry.start(middle) - 1 - begin <= room) low = middle;
    else high = middle - 1;
  }
  return low;
}
