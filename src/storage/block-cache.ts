/**
 * What was read from sealed files, bounded in bytes (spec 6.3, `TOPICS_CACHE_BYTES`): the entries that were used longest
 * ago leave first. Each kept value is disposed of exactly once, when it leaves: evicted, replaced, deleted or cleared.
 * The cache knows neither what a value is nor what it takes; what keys and the cache itself need is not counted.
 */
import { LRUCache } from "lru-cache";
import { assert } from "../base/assert.ts";

export class BlockCache<V extends object> {
  readonly #maxBytes: number;
  readonly #entries: LRUCache<string, V>;
  #hits = 0;
  #misses = 0;

  /** With `maxBytes` 0 nothing is kept. `dispose` hears of a value after the cache has let go of it. */
  constructor(maxBytes: number, dispose: (value: V) => void) {
    assert(Number.isSafeInteger(maxBytes) && maxBytes >= 0, "a cache is bounded");
    this.#maxBytes = maxBytes;
    this.#entries = new LRUCache<string, V>({ maxSize: Math.max(1, maxBytes), disposeAfter: dispose });
  }

  get hits(): number {
    return this.#hits;
  }

  get misses(): number {
    return this.#misses;
  }

  /** Never more than the bound. */
  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get count(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) this.#misses += 1;
    else this.#hits += 1;
    return value;
  }

  /**
   * Takes the place of what the key led to. False when the value alone is larger than the cache: it is not kept, and not
   * disposed of, because its caller still holds it.
   */
  set(key: string, value: V, bytes: number): boolean {
    assert(Number.isSafeInteger(bytes) && bytes > 0, "what is kept takes room");
    // Kept twice it would have to be disposed of twice.
    assert(this.#entries.peek(key) !== value, "a value is kept already");
    if (bytes > this.#maxBytes) {
      this.#entries.delete(key);
      return false;
    }
    this.#entries.set(key, value, { size: bytes });
    return true;
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
