/**
 * The keys of a server as hashes (spec 7.2): what was given is forgotten, and what a client shows is compared with all of
 * them, each in constant time, however early one matches.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Grant } from "./grant.ts";

interface Entry {
  readonly digest: Uint8Array;
  readonly grant: Grant;
}

type Equal = (a: Uint8Array, b: Uint8Array) => boolean;

export class KeyRing {
  readonly #entries: Entry[] = [];
  readonly #equal: Equal;

  /** `equal` takes the same time whatever it compares. */
  constructor(equal: Equal = timingSafeEqual) {
    this.#equal = equal;
  }

  /** What may be shown of it. */
  toString(): string {
    return this.size === 0 ? "" : `(${this.size} hidden)`;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** False when it is there already: two grants for one key would leave it to chance which counts. */
  add(key: string, grant: (number: number) => Grant): boolean {
    if (this.find(key) !== undefined) return false;
    this.#entries.push({ digest: digestOf(key), grant: grant(this.#entries.length) });
    return true;
  }

  /** What the key is good for; `undefined` when it is none. */
  find(key: string): Grant | undefined {
    const digest = digestOf(key);
    let found: Grant | undefined;
    for (const entry of this.#entries) {
      if (this.#equal(entry.digest, digest)) found = entry.grant;
    }
    return found;
  }
}

function digestOf(key: string): Uint8Array {
  return createHash("sha256").update(key, "utf8").digest();
}
