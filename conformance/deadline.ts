/**
 * A bound of time that can be combined with other signals and taken back. Holds its timer and its listeners itself:
 * a combination of platform timeout signals may be collected as garbage before it fires, and then bounds nothing.
 */
import { setMaxListeners } from "node:events";

export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #parents: readonly AbortSignal[];
  readonly #abort = (): void => {
    this.#controller.abort();
  };

  constructor(ms: number, ...parents: readonly AbortSignal[]) {
    this.#timer = setTimeout(this.#abort, ms);
    this.#parents = parents;
    // One bound serves every request and connection of a case.
    setMaxListeners(0, this.signal);
    for (const parent of parents) {
      if (parent.aborted) this.#abort();
      else parent.addEventListener("abort", this.#abort, { once: true });
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends it before its time: the signal aborts now. */
  end(): void {
    this.clear();
    this.#abort();
  }

  /** It is no longer needed, and never fires. */
  clear(): void {
    clearTimeout(this.#timer);
    for (const parent of this.#parents) parent.removeEventListener("abort", this.#abort);
  }
}
