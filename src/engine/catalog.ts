/** The topics of a directory by name, and the names in order, so that a page costs O(page) (spec 2.5). */
import { assert } from "../base/assert.ts";
import type { Topic } from "../topic/topic.ts";

export class Catalog {
  readonly #byName = new Map<string, Topic>();
  readonly #byId = new Map<number, Topic>();
  #names: string[] = [];
  #sorted = true;

  get size(): number {
    return this.#byName.size;
  }

  named(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  withId(id: number): Topic | undefined {
    return this.#byId.get(id);
  }

  all(): IterableIterator<Topic> {
    return this.#byName.values();
  }

  add(topic: Topic): void {
    assert(!this.#byName.has(topic.name), "a name is one topic's");
    this.#byName.set(topic.name, topic);
    this.#byId.set(topic.id, topic);
    this.#names.push(topic.name);
    this.#sorted = this.#sorted && (this.#names.length === 1 || this.#names.at(-2)! < topic.name);
  }

  remove(topic: Topic): void {
    assert(this.#byName.get(topic.name) === topic, "a topic is removed once");
    this.#byName.delete(topic.name);
    this.#byId.delete(topic.id);
    this.#sort();
    this.#names.splice(this.#firstFrom(topic.name), 1);
  }

  /** Up to `count` names with the prefix that come after `after`, in order. */
  page(prefix: string, after: string | undefined, count: number): string[] {
    this.#sort();
    const from = after === undefined || after < prefix ? this.#firstFrom(prefix) : this.#firstFrom(`${after}\0`);
    const names: string[] = [];
    for (let at = from; at < this.#names.length && names.length < count; at++) {
      const name = this.#names[at];
      if (!name.startsWith(prefix)) break;
      names.push(name);
    }
    return names;
  }

  /** Names come in bulk at recovery and singly afterwards: sorting what is nearly sorted is cheap. */
  #sort(): void {
    if (!this.#sorted) this.#names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    this.#sorted = true;
  }

  /** Index of the first name that is not less than `name`. */
  #firstFrom(name: string): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#names[middle] < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
