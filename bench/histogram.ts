/**
 * Latencies by the million in fixed memory: buckets whose width grows with the value, so that any percentile is right to
 * within 1.6 %. Plain values, so that a histogram can cross a process boundary and be merged.
 */

/** Buckets per doubling of the value. */
const stepsPerDoubling = 64;
/** Values in nanoseconds: from 1 µs, below which everything counts as 1 µs, up to more than a minute. */
const leastNs = 1000;
const doublings = 26;

export class Histogram {
  readonly #buckets: Float64Array;
  #count = 0;

  constructor(counts: readonly (readonly [number, number])[] = []) {
    this.#buckets = new Float64Array(stepsPerDoubling * doublings);
    for (const [bucket, count] of counts) {
      this.#buckets[bucket] += count;
      this.#count += count;
    }
  }

  get count(): number {
    return this.#count;
  }

  record(ns: number): void {
    this.#buckets[bucketOf(ns)]++;
    this.#count++;
  }

  /** The value in milliseconds that this share (0 … 1) of all values does not exceed; NaN when there is none. */
  percentileMs(share: number): number {
    if (this.#count === 0) return NaN;
    let left = Math.max(1, Math.ceil(share * this.#count));
    const bucket = this.#buckets.findIndex((count) => (left -= count) <= 0);
    return middleNs(bucket) / 1e6;
  }

  /** The buckets that hold something, for another process. */
  counts(): [number, number][] {
    const held: [number, number][] = [];
    this.#buckets.forEach((count, bucket) => {
      if (count > 0) held.push([bucket, count]);
    });
    return held;
  }
}

function bucketOf(ns: number): number {
  if (!(ns > leastNs)) return 0;
  const bucket = Math.floor(Math.log2(ns / leastNs) * stepsPerDoubling);
  return Math.min(bucket, stepsPerDoubling * doublings - 1);
}

function middleNs(bucket: number): number {
  return leastNs * 2 ** ((bucket + 0.5) / stepsPerDoubling);
}
