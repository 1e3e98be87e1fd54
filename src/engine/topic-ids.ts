/** Topic ids, which are epochs too: given out once, under a ceiling that the manifest makes durable ahead (spec 6.1). */
import { assert } from "../base/assert.ts";
import { TopicsError } from "../base/errors.ts";
import { errnoOf } from "../env/env.ts";
import type { ManifestStore } from "../storage/manifest.ts";

const stepIds = 1024;

export class TopicIds {
  readonly #manifest: ManifestStore;
  #next: number;
  #raising: Promise<void> | undefined;

  /** `next`: no id from it on was ever given out. */
  constructor(manifest: ManifestStore, next: number) {
    this.#manifest = manifest;
    this.#next = next;
  }

  /** `undefined` when `take` may be called now; otherwise what to wait for before asking again. */
  ready(): Promise<void> | undefined {
    if (this.#next < this.#manifest.current.idCeiling) return undefined;
    this.#raising ??= this.#manifest
      .update((current) => ({ ...current, idCeiling: Math.max(current.idCeiling, this.#next) + stepIds }))
      .catch(refuse)
      .finally(() => (this.#raising = undefined));
    return this.#raising;
  }

  /** The next id; what `skip` says no to is left out for good. */
  take(): number {
    assert(this.#next < this.#manifest.current.idCeiling, "ids are given out below the ceiling");
    return this.#next++;
  }

  get next(): number {
    return this.#next;
  }
}

/** The disk would not have it: the next topic tries again. */
function refuse(error: unknown): never {
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  throw new TopicsError("wal_unavailable", "no topic can be made now: the manifest cannot be written", { errno });
}
