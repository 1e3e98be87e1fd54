/**
 * Ranges below the evict floor whose records had been deleted before eviction came to them, so that a tombstone's
 * `missed_estimate` (spec 1.5) does not count what was asked for. Only the newest ranges are kept: for cursors further
 * back the estimate is an upper bound.
 */
import { assert } from "../base/assert.ts";

const maxRanges = 64;

export class SilentGaps {
  /** First and last seq of each range, ascending. Made with the first range: most topics have none. */
  #bounds: number[] | undefined;

  add(first: number, last: number): void {
    const bounds = (this.#bounds ??= []);
    assert(first <= last && (bounds.length === 0 || bounds[bounds.length - 1] < first), "gaps are added in order");
    if (bounds.at(-1) === first - 1) bounds[bounds.length - 1] = last;
    else bounds.push(first, last);
    if (bounds.length > 2 * maxRanges) bounds.splice(0, 2);
  }

  /** Seqs in [first, last] that lie in a gap. */
  countIn(first: number, last: number): number {
    const bounds = this.#bounds ?? [];
    let count = 0;
    for (let i = 0; i < bounds.length; i += 2) {
      count += Math.max(0, Math.min(last, bounds[i + 1]) - Math.max(first, bounds[i]) + 1);
    }
    return count;
  }

  get ranges(): readonly number[] {
    return this.#bounds ?? [];
  }

  reset(ranges: readonly number[]): void {
    this.#bounds = ranges.length === 0 ? undefined : [...ranges];
  }
}
