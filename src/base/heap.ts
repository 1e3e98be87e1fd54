/** A binary heap of things by a number, least first. What is not wanted any more is left in it and skipped when it comes up. */
import { assert } from "./assert.ts";

export class Heap<T> {
  #keys: number[] = [];
  #items: T[] = [];

  get size(): number {
    return this.#keys.length;
  }

  /** `Infinity` when there is nothing. */
  get leastKey(): number {
    return this.#keys.length === 0 ? Infinity : this.#keys[0];
  }

  get least(): T | undefined {
    return this.#items[0];
  }

  push(key: number, item: T): void {
    let at = this.#keys.length;
    this.#keys.push(key);
    this.#items.push(item);
    while (at > 0) {
      const above = (at - 1) >>> 1;
      if (this.#keys[above] <= key) break;
      this.#move(above, at);
      at = above;
    }
    this.#put(at, key, item);
  }

  pop(): T {
    assert(this.#keys.length > 0, "pop from an empty heap");
    const least = this.#items[0];
    const key = this.#keys.pop()!;
    const item = this.#items.pop()!;
    if (this.#keys.length > 0) this.#sink(0, key, item);
    return least;
  }

  /** Drops what is not wanted; costs as much as there is. */
  keep(wanted: (key: number, item: T) => boolean): void {
    let kept = 0;
    for (let at = 0; at < this.#keys.length; at++) if (wanted(this.#keys[at], this.#items[at])) this.#move(at, kept++);
    this.#keys.length = this.#items.length = kept;
    for (let at = (kept >>> 1) - 1; at >= 0; at--) this.#sink(at, this.#keys[at], this.#items[at]);
  }

  clear(): void {
    this.#keys = [];
    this.#items = [];
  }

  #sink(at: number, key: number, item: T): void {
    const { length } = this.#keys;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= length) break;
      if (below + 1 < length && this.#keys[below + 1] < this.#keys[below]) below++;
      if (this.#keys[below] >= key) break;
      this.#move(below, at);
      at = below;
    }
    this.#put(at, key, item);
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from];
    this.#items[to] = this.#items[from];
  }

  #put(at: number, key: number, item: T): void {
    this.#keys[at] = key;
    this.#items[at] = item;
  }
}
