/** Lets so many pieces of work go on at a time; the others wait in line. */
import { Fifo } from "../base/fifo.ts";

export class Turns {
  #free: number;
  readonly #waiting = new Fifo<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      if (this.#waiting.length > 0) this.#waiting.shift()();
      else this.#free++;
    }
  }
}
