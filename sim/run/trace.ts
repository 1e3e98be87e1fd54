/** Everything that happens in a run, in order, as one hash (spec 8.2): same seed, same hash, on any machine. */
import { createHash, type Hash } from "node:crypto";

export class Trace {
  readonly #hash: Hash = createHash("sha256");
  /** Receives each line as well. */
  readonly #listener: ((line: string) => void) | undefined;
  #lines = 0;

  constructor(listener?: (line: string) => void) {
    this.#listener = listener;
  }

  get lines(): number {
    return this.#lines;
  }

  add(line: string): void {
    this.#lines++;
    this.#hash.update(line);
    this.#hash.update("\n");
    this.#listener?.(line);
  }

  digest(): string {
    return this.#hash.copy().digest("hex").slice(0, 32);
  }
}
