/**
 * How far the log at hand is known to be whole (spec 6.7). Every frame says how far each shard was known to be synced: where
 * one speaks of more than there is, something is missing, and it may be older than that frame. It is not older than the
 * last frame that is there; nor, but for what takes a moment to be synced, than any frame that did not know of it.
 */
import { walFileName } from "../../storage/layout.ts";
import { comparePlaces, type LogPlace } from "../../wal/commit.ts";
import type { Frame } from "../../wal/frame.ts";
import type { SourceLog, SourceShard } from "./source-log.ts";

/** An acked frame is synced within a second, or its shard stops (spec 6.1). */
const unsyncedUs = 2_000_000;

export class Coverage {
  readonly #shards: readonly SourceShard[];
  readonly #ends: readonly LogPlace[];
  /** By shard: the last frame that is there, the last of another shard that knew of no more, and whether one did. */
  readonly #last: number[];
  readonly #heard: number[];
  readonly #isMissing: boolean[];

  constructor({ shards, ends }: SourceLog) {
    this.#shards = shards;
    this.#ends = ends;
    this.#last = shards.map(({ madeAt }) => madeAt);
    this.#heard = shards.map(() => 0);
    this.#isMissing = shards.map(({ lacks }) => lacks !== undefined);
  }

  take(shard: number, { fields: { stamp }, synced }: Frame): void {
    this.#last[shard] = Math.max(this.#last[shard], stamp);
    for (const [other, place] of synced.entries()) {
      if (comparePlaces(place, this.#ends[other]) > 0) this.#isMissing[other] = true;
      else if (other !== shard) this.#heard[other] = Math.max(this.#heard[other], stamp);
    }
  }

  /** The last commit that is there at all; 0 without one. */
  get last(): number {
    return Math.max(0, ...this.#last);
  }

  /** By this stamp nothing is missing on any shard that anything speaks of. */
  get wholeThrough(): number {
    return Math.min(...this.#shards.map((_, shard) => this.#through(shard)));
  }

  /** What is known to be missing, in words. */
  *missing(): Generator<{ readonly shard: number; readonly file: string; readonly from: number }> {
    for (const [shard, { lacks }] of this.#shards.entries())
      if (this.#isMissing[shard])
        yield {
          shard,
          file: lacks ?? `what follows ${walFileName(shard, this.#ends[shard].index)}`,
          from: this.#through(shard),
        };
  }

  #through(shard: number): number {
    if (!this.#isMissing[shard]) return Infinity;
    return Math.max(this.#last[shard], this.#heard[shard] - unsyncedUs);
  }
}
