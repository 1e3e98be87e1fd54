/** What all topics share the bounds of (spec 1.9, 7.3). */
import type { Quota } from "../topic/contents.ts";

export class SharedQuota implements Quota {
  readonly maxKeys: number;
  readonly maxBytes: number;
  #keys = 0;
  #records = 0;
  #bytes = 0;
  #heldBytes = 0;

  /** 0 is no bound. */
  constructor(maxKeys: number, maxBytes = 0) {
    this.maxKeys = maxKeys === 0 ? Number.MAX_SAFE_INTEGER : maxKeys;
    this.maxBytes = maxBytes === 0 ? Number.MAX_SAFE_INTEGER : maxBytes;
  }

  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Memory of unsealed tails. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get keys(): number {
    return this.#keys;
  }

  get keysLeft(): boolean {
    return this.#keys < this.maxKeys;
  }

  addLive(records: number, bytes: number): void {
    this.#records += records;
    this.#bytes += bytes;
  }

  addHeld(bytes: number): void {
    this.#heldBytes += bytes;
  }

  reserveKey(): boolean {
    if (!this.keysLeft) return false;
    this.#keys++;
    return true;
  }

  adoptKey(): void {
    this.#keys++;
  }

  releaseKey(): void {
    this.#keys--;
  }
}
