/**
 * What retention takes (spec 1.6): expired records by the clock, the oldest ones by the caps. Both take live records from
 * the front and move the evict floor; deleted slots on the way are dropped without moving it.
 *
 * Expiry is asked for in two ways. `expire` takes records for good, at clock values that the log has, so that replay takes
 * the same ones. `view` only says what is left at a later moment, for readers, whom expired records are hidden from at once.
 */
import type { TopicConfig, U64 } from "./config.ts";
import type { FrontLimit } from "./front.ts";
import type { Holes } from "./holes.ts";
import { noRetained, type Retained, type RetainedSpan } from "./retained.ts";
import type { EvictionCause, Watermarks } from "./watermarks.ts";

/** What readers and counts see at one moment. */
export interface View {
  /** First live record; one behind the head when there is none. */
  readonly earliestSeq: number;
  readonly evictFloor: number;
  readonly capFloor: number;
  readonly ttlFloor: number;
  readonly count: number;
  readonly bytes: number;
}

export class Retention {
  readonly #retained: Retained;
  readonly #watermarks: Watermarks;
  readonly #holes: Holes;
  #isShort = false;
  #hidden: { readonly through: number; readonly span: RetainedSpan } | undefined;

  constructor(retained: Retained, watermarks: Watermarks, holes: Holes) {
    this.#retained = retained;
    this.#watermarks = watermarks;
    this.#holes = holes;
  }

  /** A block that could not be read keeps more than the caps allow: they are to be enforced again. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** The first moment at which a record that is live now will have expired; `undefined` without one. */
  nextExpiryMs(config: TopicConfig): number | undefined {
    const ttlMs = bound(config.ttlMs);
    if (ttlMs === undefined || this.#retained.count === 0) return undefined;
    return this.#retained.frontTs + ttlMs + 1;
  }

  view(nowMs: number, config: TopicConfig, head: number): View {
    const { count, bytes } = this.#retained;
    const { evictFloor, capFloor, ttlFloor } = this.#watermarks;
    const hidden = this.#expired(nowMs, config);
    if (hidden.count === 0) {
      return {
        earliestSeq: count === 0 ? head + 1 : this.#retained.frontSeq,
        evictFloor,
        capFloor,
        ttlFloor,
        count,
        bytes,
      };
    }
    const left = count - hidden.count;
    const floor = hidden.last + 1;
    return {
      earliestSeq: left === 0 ? head + 1 : this.#retained.nextLive(hidden.last),
      evictFloor: floor,
      capFloor,
      ttlFloor: floor,
      count: left,
      bytes: bytes - hidden.bytes,
    };
  }

  /** Takes what has expired at `nowMs`. */
  expire(nowMs: number, config: TopicConfig): void {
    const ttlMs = bound(config.ttlMs);
    if (ttlMs === undefined || this.#retained.count === 0 || !(nowMs - this.#retained.frontTs > ttlMs)) return;
    this.#take(this.#retained.lastBefore(nowMs - ttlMs), 0, 0, "ttl");
  }

  /** Takes the oldest records until both caps hold. */
  enforceCaps(config: TopicConfig): void {
    this.#isShort = false;
    const over = this.#over(config);
    if (over !== undefined) this.#isShort = this.#take(0, over.count, over.bytes, "cap");
  }

  /** Where the cap floor would be under these caps. */
  capFloorUnder(config: TopicConfig): number {
    const over = this.#over(config);
    let floor = this.#watermarks.capFloor;
    if (over !== undefined) this.#retained.measureFront(over, (_, last) => (floor = last + 1));
    return floor;
  }

  /** Records have come or gone by other hands: what `view` remembers no longer holds. */
  changed(): void {
    this.#hidden = undefined;
  }

  #over({ capRecords, capBytes }: TopicConfig): FrontLimit | undefined {
    const count = this.#retained.count - (bound(capRecords) ?? Infinity);
    const bytes = this.#retained.bytes - (bound(capBytes) ?? Infinity);
    return count > 0 || bytes > 0 ? { through: 0, count, bytes } : undefined;
  }

  /** Whether something was left because it could not be read. */
  #take(through: number, count: number, bytes: number, cause: EvictionCause): boolean {
    const span = this.#retained.measureFront({ through, count, bytes }, (first, last) => {
      this.#noteSilent(first);
      this.#watermarks.evicted(last, cause);
    });
    this.#retained.cutFront(span);
    this.#holes.passed(this.#watermarks.evictFloor);
    this.changed();
    return span.isShort === true;
  }

  /** What lies between the floor and the next record taken had been deleted, unless a hole is there. */
  #noteSilent(first: number): void {
    const floor = this.#watermarks.evictFloor;
    if (first === floor) return;
    const hole = this.#holes.at(floor);
    if (hole === undefined || hole.from > first) this.#watermarks.silent.add(floor, first - 1);
  }

  #expired(nowMs: number, config: TopicConfig): RetainedSpan {
    const ttlMs = bound(config.ttlMs);
    if (ttlMs === undefined || this.#retained.count === 0 || !(nowMs - this.#retained.frontTs > ttlMs))
      return noRetained;
    const through = this.#retained.lastBefore(nowMs - ttlMs);
    if (this.#hidden?.through !== through) {
      this.#hidden = { through, span: this.#retained.measureFront({ through, count: 0, bytes: 0 }) };
    }
    return this.#hidden.span;
  }
}

/** A limit as a number; 0 is off. Limits above 2^53 are out of reach of any count, so that rounding them does no harm. */
export function bound(limit: U64): number | undefined {
  return limit === 0 || limit === 0n ? undefined : Number(limit);
}
