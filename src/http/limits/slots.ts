/**
 * Places that there are so many of, in all and for each key (spec 7.3): requests in flight, streams. A place is given back
 * by a function that does so once, however often it is called, so that every way out may call it.
 */
import { assert } from "../../base/assert.ts";
import { TopicsError } from "../../base/errors.ts";
import type { Grant } from "../auth/grant.ts";

export interface Cap {
  /** As `detail.limit` names it. */
  readonly limit: string;
  /** 0: no bound. */
  readonly max: number;
}

export interface SlotCaps {
  readonly all?: Cap;
  /** Only where there are keys. */
  readonly perKey?: Cap;
}

export class Slots {
  readonly #caps: SlotCaps;
  readonly #byKey = new Map<number, number>();
  #taken = 0;

  constructor(caps: SlotCaps) {
    this.#caps = caps;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Throws 429 when there is none left. What it returns gives the place back. */
  take({ key }: Grant): () => void {
    const { all, perKey } = this.#caps;
    const ofKey = key === undefined ? 0 : (this.#byKey.get(key) ?? 0);
    if (all !== undefined) demandBelow(all, this.#taken);
    if (perKey !== undefined && key !== undefined) demandBelow(perKey, ofKey);
    this.#taken++;
    if (key !== undefined) this.#byKey.set(key, ofKey + 1);
    let held = true;
    return () => {
      if (held) this.#giveBack(key);
      held = false;
    };
  }

  #giveBack(key: number | undefined): void {
    assert(this.#taken > 0, "a place is given back once");
    this.#taken--;
    if (key === undefined) return;
    const left = this.#byKey.get(key)! - 1;
    if (left === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, left);
  }
}

function demandBelow({ limit, max }: Cap, taken: number): void {
  if (max === 0 || taken < max) return;
  throw new TopicsError("throttled", `There are ${max} of these at once already (TOPICS_${limit.toUpperCase()}).`, {
    limit,
    max,
  });
}
