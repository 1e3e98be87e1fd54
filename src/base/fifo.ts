/** A queue with cheap shift: items are taken from the front, and the backing array is cut now and then. */
import { assert } from "./assert.ts";

const cutAt = 1024;

export class Fifo<T> {
  #items: T[] = [];
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
    const item = this.#items[this.#first++];
    if (this.#first >= cutAt && this.#first * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  last(): T | undefined {
    return this.length > 0 ? this.#items[this.#items.length - 1] : undefined;
  }

  /** Everything, in order; the queue is empty afterwards. */
  drain(): T[] {
    const items = this.#items.slice(this.#first);
    this.#items = [];
    this.#first = 0;
    return items;
  }
}
