/** Delivered, and left out for a reason, are all there is: a reader gets what it asked for, once, in order (9.4/4). */
import type { ModelRecord } from "../model.ts";
import type { SeenRecord } from "../observation.ts";
import { Violation } from "../violation.ts";

/** One reader's way through a topic, page by page. */
export class Coverage {
  readonly #who: string;
  readonly #wanted: readonly ModelRecord[];
  #found = 0;

  /** `wanted`: what is left when the reader's filters are applied. */
  constructor(who: string, wanted: readonly ModelRecord[]) {
    this.#who = who;
    this.#wanted = wanted;
  }

  get found(): number {
    return this.#found;
  }

  page(records: readonly SeenRecord[], from: number, nextFrom: number, isLast: boolean): void {
    for (const { seq, data } of records) {
      const should = this.#wanted.at(this.#found++);
      if (should?.seq !== seq || should.record.data !== data)
        throw this.#wrong(`got ${seq}, and not ${should?.seq ?? "the end"}`);
    }
    if (nextFrom < from) throw this.#wrong(`went back from ${from}`);
    if (!isLast && nextFrom === from) throw this.#wrong(`stays at ${from}`);
    if (isLast && this.#found !== this.#wanted.length)
      throw this.#wrong(`got ${this.#found} records, and not ${this.#wanted.length}`);
  }

  #wrong(what: string): Violation {
    return new Violation("9.4/4", `a read of ${this.#who} ${what}`);
  }
}
