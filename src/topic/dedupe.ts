/**
 * Idempotency of one topic (spec 1.9): which keys were used within the window and what their writes got, and which keys
 * are on their way. Keys are remembered in the order of their commits, so that the oldest expire first.
 *
 * A key: free → pending (a write with it is staged) → remembered (it is committed) → free again when the window has
 * passed, or pending → free when the write failed. The quota is held from pending until free.
 */
import { assert } from "../base/assert.ts";

/** What a repeat gets. */
export interface KeyedAppend {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly ts: number;
}

export interface RememberedKey extends KeyedAppend {
  readonly key: string;
}

/** A write on its way: what it will have got, if `decided` resolves. */
export interface PendingKey {
  readonly append: KeyedAppend;
  readonly decided: Promise<unknown>;
}

/** Keys of all topics together are limited; `adopt` takes what recovery found, limit or not. */
export interface KeyQuota {
  readonly maxKeys: number;
  reserveKey(): boolean;
  adoptKey(): void;
  releaseKey(): void;
}

export class Dedupe {
  readonly #quota: KeyQuota;
  readonly #remembered = new Map<string, KeyedAppend>();
  readonly #pending = new Map<string, PendingKey>();

  constructor(quota: KeyQuota) {
    this.#quota = quota;
  }

  get size(): number {
    return this.#remembered.size;
  }

  find(key: string, nowMs: number, windowMs: number): KeyedAppend | undefined {
    const found = this.#remembered.get(key);
    return found === undefined || isOver(found.ts, nowMs, windowMs) ? undefined : found;
  }

  /** The write that has the key and is not decided yet. */
  pending(key: string): PendingKey | undefined {
    return this.#pending.get(key);
  }

  /** Takes room for one more key; `false` when there is none, even without what has expired here. */
  reserve(nowMs: number, windowMs: number): boolean {
    this.dropExpired(nowMs, windowMs);
    return this.#quota.reserveKey();
  }

  begin(key: string, pending: PendingKey): void {
    assert(!this.#pending.has(key), "a key is on its way once");
    this.#pending.set(key, pending);
  }

  /** The write failed. */
  abandon(key: string): void {
    assert(this.#pending.delete(key), "an abandoned key was pending");
    this.#quota.releaseKey();
  }

  /** The write is committed, here or in a log that is replayed. */
  remember(key: string, append: KeyedAppend): void {
    if (!this.#pending.delete(key)) this.#quota.adoptKey();
    if (this.#remembered.delete(key)) this.#quota.releaseKey();
    this.#remembered.set(key, append);
  }

  dropExpired(nowMs: number, windowMs: number): void {
    for (const [key, { ts }] of this.#remembered) {
      if (!isOver(ts, nowMs, windowMs)) return;
      this.#remembered.delete(key);
      this.#quota.releaseKey();
    }
  }

  remembered(): RememberedKey[] {
    return [...this.#remembered].map(([key, append]) => ({ key, ...append }));
  }

  clear(): void {
    for (const held of [this.#remembered, this.#pending]) {
      for (let i = held.size; i > 0; i--) this.#quota.releaseKey();
      held.clear();
    }
  }
}

/** A window of 0 remembers nothing. */
function isOver(ts: number, nowMs: number, windowMs: number): boolean {
  return windowMs === 0 || nowMs - ts > windowMs;
}
