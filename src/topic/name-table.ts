/**
 * Small numbers for the tags or nodes of one topic, so that a record keeps four bytes of either. A name lives as long as
 * a record that uses it: unbounded sets of names cost no more than the records do. 0 stands for "none".
 */
import { assert } from "../base/assert.ts";

export class NameTable {
  readonly #ids = new Map<string, number>();
  readonly #names: string[] = [""];
  readonly #uses: number[] = [0];
  readonly #free: number[] = [];

  /** Names in use. */
  get size(): number {
    return this.#ids.size;
  }

  /** The number of a name, 0 when no record uses it. */
  find(name: string): number {
    return this.#ids.get(name) ?? 0;
  }

  name(id: number): string {
    assert(this.#uses[id] > 0, "a name is in use");
    return this.#names[id];
  }

  names(): IterableIterator<string> {
    return this.#ids.keys();
  }

  /** The number of a name, for one more record. */
  use(name: string): number {
    let id = this.find(name);
    if (id === 0) {
      id = this.#free.pop() ?? this.#names.length;
      this.#ids.set(name, id);
      this.#names[id] = name;
      this.#uses[id] = 0;
    }
    this.#uses[id]++;
    return id;
  }

  useAgain(id: number): void {
    assert(this.#uses[id] > 0, "a name is in use");
    this.#uses[id]++;
  }

  /** One record less; `true` when it was the last and the number is free. */
  release(id: number): boolean {
    assert(this.#uses[id] > 0, "a name is released once per use");
    if (--this.#uses[id] > 0) return false;
    this.#ids.delete(this.#names[id]);
    this.#names[id] = "";
    this.#free.push(id);
    return true;
  }
}
