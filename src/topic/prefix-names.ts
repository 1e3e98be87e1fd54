/**
 * Names by prefix: a sorted list, and the few that came since it was sorted. Nothing is kept before the first prefix is
 * asked for, so that topics that never are pay nothing. Names that have gone are found too until the list is made anew.
 */
import type { NameTable } from "./name-table.ts";

const slack = 64;

export class PrefixNames {
  readonly #table: NameTable;
  #sorted: string[] | undefined;
  #recent: string[] = [];

  constructor(table: NameTable) {
    this.#table = table;
  }

  /** A name has come into use. */
  add(name: string): void {
    if (this.#sorted === undefined) return;
    this.#recent.push(name);
    if (this.#recent.length > this.#sorted.length / 8 + slack) this.#forget();
  }

  /** A name has gone. */
  drop(): void {
    if (this.#sorted !== undefined && this.#sorted.length > this.#table.size * 2 + slack) this.#forget();
  }

  startingWith(prefix: string): string[] {
    if (this.#sorted === undefined) {
      this.#sorted = [...this.#table.names()].sort(byUnits);
    }
    const found = this.#recent.filter((name) => name.startsWith(prefix));
    for (let at = firstNotBelow(this.#sorted, prefix); at < this.#sorted.length; at++) {
      if (!this.#sorted[at].startsWith(prefix)) break;
      found.push(this.#sorted[at]);
    }
    return found;
  }

  #forget(): void {
    this.#sorted = undefined;
    this.#recent = [];
  }
}

/** Names with a common prefix are neighbours in the order of UTF-16 units, as in any other order by units. */
function byUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function firstNotBelow(sorted: readonly string[], prefix: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < prefix) low = middle + 1;
    else high = middle;
  }
  return low;
}
