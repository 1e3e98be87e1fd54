/**
 * All records that a topic retains, in seq order (spec 1.3, 1.6, 1.7, 6.3): sealed parts, then the tail in memory. Knows
 * which are live and what they weigh; knows nothing of why one is not.
 *
 * Everything in front of `frontSeq` has been cut off; `frontSeq` is a live record while there is one. A seq is sealed, or
 * in the tail, or neither when it is dead; sealing moves records from one to the other and changes nothing else.
 */
import { assert } from "../base/assert.ts";
import type { LogPlace } from "../wal/commit.ts";
import type { BlockPool } from "./block-pool.ts";
import { type FrontLimit, type FrontSpan, noSpan } from "./front.ts";
import type { RecordsEntry } from "./records-format.ts";
import { measureCut, partCutAt } from "./prefix-cut.ts";
import { Sealed } from "./sealed.ts";
import type { SealedPart } from "./sealed-part.ts";
import { Tail } from "./tail.ts";

/** A span over both. */
export interface RetainedSpan {
  readonly count: number;
  readonly bytes: number;
  /** Seq of the last; 0 when there is none. */
  readonly last: number;
  readonly sealed: FrontSpan;
  readonly tail: FrontSpan;
  /** Something could not be read: it was not taken, nor anything behind it. */
  readonly isShort?: boolean;
}

export const noRetained: RetainedSpan = { count: 0, bytes: 0, last: 0, sealed: noSpan, tail: noSpan };

export class Retained {
  readonly tail: Tail;
  readonly sealed: Sealed;
  #frontSeq = 0;
  #frontTs = 0;
  /** Everything up to here was sealed once, whether or not it is still there. */
  #sealedThrough = 0;

  constructor(pool: BlockPool, released: (part: SealedPart) => void) {
    this.tail = new Tail(pool);
    this.sealed = new Sealed(released);
  }

  get count(): number {
    return this.sealed.count + this.tail.count;
  }

  get bytes(): number {
    return this.sealed.bytes + this.tail.bytes;
  }

  get sealedThrough(): number {
    return this.#sealedThrough;
  }

  get hasTags(): boolean {
    return this.tail.labels.tags !== undefined || this.sealed.parts.some(({ entry }) => entry.tags !== undefined);
  }

  /** First live seq; only while there is one. */
  get frontSeq(): number {
    assert(this.count > 0, "what is empty has no front");
    return this.sealed.count > 0 ? this.#frontSeq : this.tail.frontSeq;
  }

  get frontTs(): number {
    return this.sealed.count > 0 ? this.#frontTs : this.tail.frontTs;
  }

  append(firstSeq: number, entry: RecordsEntry, place: LogPlace | undefined, start = 0): void {
    this.tail.append(firstSeq, entry, place, start);
  }

  /** First live seq behind `seq`, 0 when there is none. */
  nextLive(seq: number): number {
    if (this.sealed.count > 0) {
      const found = this.sealed.nextLive(Math.max(seq, this.#frontSeq - 1));
      if (found !== 0) return found;
    }
    return this.tail.count === 0 ? 0 : this.tail.nextLive(seq);
  }

  /** The last slot whose `$ts` is below `ts`, 0 when there is none. */
  lastBefore(ts: number): number {
    const inTail = this.tail.lastBefore(ts);
    return inTail === 0 ? this.sealed.lastBefore(ts) : inTail;
  }

  /** What `limit` asks for, run by run; nothing is changed. */
  measureFront(limit: FrontLimit, run?: (first: number, last: number) => void): RetainedSpan {
    if (this.sealed.count === 0) return both(noSpan, this.tail.measureFront(limit, run));
    const sealed = this.sealed.measureFront(limit, this.#frontSeq, run);
    if (!sealed.wantsMore) return { ...both(sealed, noSpan), isShort: sealed.isShort === true };
    const rest = { through: limit.through, count: limit.count - sealed.count, bytes: limit.bytes - sealed.bytes };
    return both(sealed, this.tail.measureFront(rest, run));
  }

  /** The part in which a cut behind `through` has to be looked for; `undefined` where nothing has to be read. */
  partCutAt(through: number): SealedPart | undefined {
    return partCutAt(this.sealed, this.#frontSeq, through);
  }

  /** All that is live up to `through`; what its end lies in is at hand (prefix-cut.ts). */
  measureCut(through: number): RetainedSpan {
    const sealed = this.sealed.count === 0 ? undefined : measureCut(this.sealed, this.#frontSeq, through);
    if (sealed?.wantsMore === false) return both(sealed, noSpan);
    return both(sealed ?? noSpan, this.tail.measureFront({ through, count: 0, bytes: 0 }));
  }

  /** Cuts off what was measured. */
  cutFront({ sealed, tail, last }: RetainedSpan): void {
    this.sealed.cutFront(sealed);
    this.tail.cutFront(tail);
    if (last !== 0) this.settle(last + 1);
  }

  /** Records have gone: the front is the next that is live from `seq` on. */
  settle(seq = this.#frontSeq): void {
    if (this.sealed.count === 0) return;
    const next = this.sealed.nextLive(seq - 1);
    assert(next !== 0, "sealed records that are live are found");
    if (next === this.#frontSeq) return;
    this.#frontSeq = next;
    this.#frontTs = this.sealed.tsOf(next);
  }

  /** Chunks of the tail up to `lastSeq` have become a part; `undefined` when nothing in it is live. */
  install(part: SealedPart | undefined, lastSeq: number): void {
    const [count, bytes] = [this.count, this.bytes];
    const front = count === 0 ? undefined : { seq: this.frontSeq, ts: this.frontTs };
    const given = this.tail.giveUp(lastSeq);
    this.#sealedThrough = Math.max(this.#sealedThrough, lastSeq);
    if (part !== undefined) {
      assert(part.liveCount === given.count && part.liveBytes === given.bytes, "what is sealed is what was there");
      this.sealed.add(part);
    }
    assert(this.count === count && this.bytes === bytes, "sealing neither adds nor takes");
    if (front !== undefined) [this.#frontSeq, this.#frontTs] = [front.seq, front.ts];
  }

  /** What a checkpoint says was there. */
  restore(
    parts: readonly SealedPart[],
    front: { readonly seq: number; readonly ts: number },
    sealedThrough: number,
  ): void {
    for (const part of parts) this.sealed.add(part);
    [this.#frontSeq, this.#frontTs, this.#sealedThrough] = [front.seq, front.ts, sealedThrough];
  }

  /** What comes next may have seqs that were sealed before, and is sealed anew. */
  clear(): void {
    this.sealed.clear();
    this.tail.clear();
    this.#sealedThrough = 0;
  }
}

function both(sealed: FrontSpan, tail: FrontSpan): RetainedSpan {
  return {
    count: sealed.count + tail.count,
    bytes: sealed.bytes + tail.bytes,
    last: tail.last === 0 ? sealed.last : tail.last,
    sealed,
    tail,
  };
}
