/** The topics of a directory by name, and the names in order, so that a page costs O(page) (spec 2.5). */
import { assert } from "../base/assert.ts";
import type { Topic } from "../topic/topic.ts";
import { NameList } from "./name-list.ts";

export class Catalog {
  readonly #byName = new Map<string, Topic>();
  readonly #byId = new Map<number, Topic>();
  readonly #names = new NameList();

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
    this.#names.add(topic.name);
  }

  remove(topic: Topic): void {
    assert(this.#byName.get(topic.name) === topic, "a topic is removed once");
    this.#byName.delete(topic.name);
    this.#byId.delete(topic.id);
    this.#names.remove(topic.name);
  }

  /** Up to `count` names with the prefix that come after `after`, in order. */
  page(prefix: string, after: string | undefined, count: number): string[] {
    const names: string[] = [];
    const least = after === undefined || after < prefix ? prefix : `${after}\0`;
    for (const name of this.#names.from(least)) {
      if (names.length === count || !name.startsWith(prefix)) break;
      names.push(name);
    }
    return names;
  }
}
