/**
 * The sealed parts of a topic in seq order (spec 6.3). Says of them what a tail says of its chunks: how much is live, what
 * lies at the front, what a limit would take. A part in which nothing is live any more is let go of.
 */
import { assert } from "../base/assert.ts";
import { SegmentDamage } from "../segment/files.ts";
import type { PartIndex } from "../segment/index.ts";
import { type FrontLimit, type FrontSpan, noSpan } from "./front.ts";
import type { SealedPart } from "./sealed-part.ts";

/** A span of sealed records, and whether the limit asked for more than there is. */
export interface SealedSpan extends FrontSpan {
  readonly wantsMore: boolean;
  /** What could not be read was not taken, nor anything behind it. */
  readonly isShort?: boolean;
}

type Run = (first: number, last: number) => void;

export class Sealed {
  readonly #released: (part: SealedPart) => void;
  #parts: SealedPart[] = [];
  #count = 0;
  #bytes = 0;
  #version = 0;

  /** `released` is told of every part that is let go of. */
  constructor(released: (part: SealedPart) => void) {
    this.#released = released;
  }

  get parts(): readonly SealedPart[] {
    return this.#parts;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Another number whenever there are parts that were not there before. */
  get version(): number {
    return this.#version;
  }

  get lastSeq(): number {
    return this.#parts.at(-1)?.entry.lastSeq ?? 0;
  }

  /** Behind everything that is there. */
  add(part: SealedPart): void {
    assert(part.entry.firstSeq > this.lastSeq, "parts are added in order");
    this.#version++;
    this.#parts.push(part);
    this.#count += part.liveCount;
    this.#bytes += part.liveBytes;
  }

  /** Neighbours become one part, or none; what is live in them does not change. */
  replace(old: readonly SealedPart[], part: SealedPart | undefined): void {
    const at = this.#parts.indexOf(old[0]);
    assert(
      old.every((one, i) => this.#parts[at + i] === one),
      "neighbours are replaced",
    );
    this.#version++;
    this.#parts.splice(at, old.length, ...(part === undefined ? [] : [part]));
    for (const one of old) this.#released(one);
  }

  clear(): void {
    this.#version++;
    for (const part of this.#parts) this.#released(part);
    this.#parts = [];
    this.#count = this.#bytes = 0;
  }

  /** Place of the first part that holds `seq` or something behind it. */
  locate(seq: number): number {
    let low = 0;
    let high = this.#parts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#parts[middle].entry.lastSeq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** First live seq behind `seq`, 0 when there is none. */
  nextLive(seq: number): number {
    for (let at = this.locate(seq + 1); at < this.#parts.length; at++) {
      const part = this.#parts[at];
      const found = part.nextLive(Math.max(seq + 1, part.entry.firstSeq));
      if (found !== 0) return found;
    }
    return 0;
  }

  tsOf(seq: number): number {
    return this.#parts[this.locate(seq)].tsOf(seq);
  }

  /** The last slot whose `$ts` is below `ts`, 0 when there is none. */
  lastBefore(ts: number): number {
    let low = 0;
    let high = this.#parts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#parts[middle].entry.firstTs < ts) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.#parts[low - 1].lastBefore(ts);
  }

  /** What `limit` asks for from `front` on, run by run; nothing is changed. */
  measureFront(limit: FrontLimit, front: number, run?: Run): SealedSpan {
    const measuring = new Measuring(limit, front, run);
    for (const part of this.#parts) if (!measuring.take(part)) return measuring.span(false);
    return measuring.span(true);
  }

  /** Cuts off what was measured, and with it the parts that hold nothing else. */
  cutFront(span: FrontSpan): void {
    if (span.count === 0) return;
    const at = this.locate(span.last);
    const part = this.#parts[at];
    part.liveCount -= span.countInLast;
    part.liveBytes -= span.bytesInLast;
    this.#count -= span.count;
    this.#bytes -= span.bytes;
    assert(part.liveCount >= 0 && this.#count >= 0, "no more is cut off than is there");
    this.#drop(part.liveCount === 0 ? at + 1 : at);
    part.prefetchBehind(span.last);
  }

  /** Live records of a part were deleted one by one. */
  removed(part: SealedPart, count: number, bytes: number): void {
    part.liveCount -= count;
    part.liveBytes -= bytes;
    this.#count -= count;
    this.#bytes -= bytes;
    assert(part.liveCount >= 0, "no more is deleted than is there");
    if (part.liveCount > 0) return;
    this.#parts.splice(this.#parts.indexOf(part), 1);
    this.#released(part);
  }

  #drop(parts: number): void {
    for (const part of this.#parts.splice(0, parts)) this.#released(part);
  }
}

/** Takes live records from the front, part by part, for as long as the limit asks for one more. */
class Measuring {
  readonly #limit: FrontLimit;
  readonly #front: number;
  readonly #run: Run | undefined;
  #count = 0;
  #bytes = 0;
  #last = 0;
  #countBefore = 0;
  #bytesBefore = 0;
  #isShort = false;

  constructor(limit: FrontLimit, front: number, run: Run | undefined) {
    this.#limit = limit;
    this.#front = front;
    this.#run = run;
  }

  span(wantsMore: boolean): SealedSpan {
    if (this.#count === 0) return { ...noSpan, wantsMore, isShort: this.#isShort };
    return {
      count: this.#count,
      bytes: this.#bytes,
      last: this.#last,
      countInLast: this.#count - this.#countBefore,
      bytesInLast: this.#bytes - this.#bytesBefore,
      wantsMore,
      isShort: this.#isShort,
    };
  }

  /** `false` when the limit wants no more, or what it wants cannot be read. */
  take(part: SealedPart): boolean {
    const { entry } = part;
    const before: [number, number] = [this.#count, this.#bytes];
    const contiguous = entry.lastSeq - entry.firstSeq + 1 === entry.records && !part.hasDeaths;
    if (contiguous && this.#whole(entry.lastSeq, part.liveCount, part.liveBytes)) {
      [this.#countBefore, this.#bytesBefore] = before;
      this.#count += part.liveCount;
      this.#bytes += part.liveBytes;
      this.#took(Math.max(entry.firstSeq, this.#front), entry.lastSeq);
      return true;
    }
    if (!this.#wants(Math.max(entry.firstSeq, this.#front))) return false;
    const taken = this.#count;
    const goesOn = this.#reading(() => this.#takeBlocks(part));
    if (this.#count > taken) [this.#countBefore, this.#bytesBefore] = before;
    return goesOn;
  }

  #takeBlocks(part: SealedPart): boolean {
    const { index } = part;
    for (let block = index.blockOf(this.#front); block < index.blocks; block++) {
      const deaths = part.deathsOf(block);
      const count = index.records(block) - (deaths?.count ?? 0);
      const bytes = index.bytes(block) - (deaths?.bytes ?? 0);
      if (count === 0) continue;
      const behindFront = this.#front <= index.firstSeq(block);
      if (behindFront && this.#whole(index.lastSeq(block), count, bytes))
        this.#takeBlock(part, index, block, count, bytes);
      else if (!this.#takeSlots(part, block)) return false;
    }
    return true;
  }

  #takeBlock(part: SealedPart, index: PartIndex, block: number, count: number, bytes: number): void {
    for (const { first, last } of [...part.runs(index, block, index.firstSeq(block))]) this.#took(first, last);
    this.#count += count;
    this.#bytes += bytes;
  }

  #takeSlots(part: SealedPart, block: number): boolean {
    const chunk = part.chunk(block);
    let i = chunk.nextLive(chunk.slot(this.#front));
    while (i < chunk.count) {
      const first = i;
      while (
        i < chunk.count &&
        !chunk.isDeleted(i) &&
        this.#wants(chunk.seq(i)) &&
        chunk.seq(i) - chunk.seq(first) === i - first
      ) {
        this.#count++;
        this.#bytes += chunk.payloadBytes(i);
        i++;
      }
      if (i > first) this.#took(chunk.seq(first), chunk.seq(i - 1));
      i = chunk.nextLive(i);
      if (i < chunk.count && !this.#wants(chunk.seq(i))) return false;
    }
    return true;
  }

  /** All of a range is asked for, whatever its records weigh one by one. */
  #whole(lastSeq: number, count: number, bytes: number): boolean {
    const limit = this.#limit;
    return lastSeq <= limit.through || this.#count + count <= limit.count || this.#bytes + bytes <= limit.bytes;
  }

  #wants(seq: number): boolean {
    return seq <= this.#limit.through || this.#count < this.#limit.count || this.#bytes < this.#limit.bytes;
  }

  #took(first: number, last: number): void {
    this.#last = last;
    this.#run?.(first, last);
  }

  /** What cannot be read is not taken. */
  #reading(work: () => boolean): boolean {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SegmentDamage)) throw error;
      this.#isShort = true;
      return false;
    }
  }
}
