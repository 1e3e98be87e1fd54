/**
 * How far each shard's log is known to be synced (spec 6.2): one list that all shards of a directory share. Every frame
 * carries a copy, so that a place that was synced and is bad later can never pass for an un-synced tail.
 */
import type { SyncedPlace } from "./frame.ts";

export class SyncedPlaces {
  readonly #places: SyncedPlace[];

  constructor(shards: number) {
    this.#places = Array.from({ length: shards }, () => ({ index: 0, position: 0 }));
  }

  get all(): readonly SyncedPlace[] {
    return this.#places;
  }

  of(shard: number): SyncedPlace {
    return this.#places[shard];
  }

  /** Takes what a frame or a sync says; what is known never shrinks. */
  learn(shard: number, place: SyncedPlace): void {
    const known = this.#places[shard];
    if (place.index > known.index || (place.index === known.index && place.position > known.position))
      this.#places[shard] = { index: place.index, position: place.position };
  }
}
