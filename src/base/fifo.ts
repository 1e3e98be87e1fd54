/** A queue with cheap shift: items are taken from the front, and the backing array is cut now and then. */
import { assert } from "./assert.ts";

const cutAt = 1024;

export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  peek(): T | undefined {
    return this.#items[this.#first];
  }

  shift(): T {
    assert(this.length > 0, "shift from an empty queue");
    const item = this.#items[this.#first] as T;
    // What is taken is not kept alive by the queue.
    this.#items[this.#first++] = undefined;
    if (this.#first === this.#items.length) this.#reset([]);
    else if (this.#first >= cutAt && this.#first * 2 >= this.#items.length) this.#reset(this.#items.slice(this.#first));
    return item;
  }

  last(): T | undefined {
    return this.length > 0 ? this.#items[this.#items.length - 1] : undefined;
  }

  /** In order; nothing may be taken meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (let at = this.#first; at < this.#items.length; at++) yield this.#items[at] as T;
  }

  /** Everything, in order; the queue is empty afterwards. */
  drain(): T[] {
    const items = this.#items.slice(this.#first) as T[];
    this.#reset([]);
    return items;
  }

  #reset(items: (T | undefined)[]): void {
    this.#items = items;
    this.#first = 0;
  }
}
