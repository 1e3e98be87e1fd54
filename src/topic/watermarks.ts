/**
 * The evict floor and its two causes (spec 1.4). Each cause keeps the seq behind the last live record it took; the floor
 * is the higher of the two. That is all a tombstone needs: its range ends at the floor, so a cause lies in it iff the
 * cause's own floor lies behind the cursor. In the life of a topic nothing here ever falls.
 */
import { assert } from "../base/assert.ts";
import { SilentGaps } from "./silent-gaps.ts";

export type EvictionCause = "cap" | "ttl";

export class Watermarks {
  #capFloor = 1;
  #ttlFloor = 1;
  readonly silent = new SilentGaps();

  get evictFloor(): number {
    return Math.max(this.#capFloor, this.#ttlFloor);
  }

  get capFloor(): number {
    return this.#capFloor;
  }

  get ttlFloor(): number {
    return this.#ttlFloor;
  }

  /** Live records have been taken from the front, `last` as the last. */
  evicted(last: number, cause: EvictionCause): void {
    assert(last >= this.evictFloor, "eviction goes forward");
    if (cause === "cap") this.#capFloor = last + 1;
    else this.#ttlFloor = last + 1;
  }

  /** What is known here is replaced. */
  reset(capFloor: number, ttlFloor: number): void {
    this.#capFloor = capFloor;
    this.#ttlFloor = ttlFloor;
  }

  /** Floors that were reached elsewhere meanwhile. */
  raise(capFloor: number, ttlFloor: number): void {
    this.#capFloor = Math.max(this.#capFloor, capFloor);
    this.#ttlFloor = Math.max(this.#ttlFloor, ttlFloor);
  }
}
