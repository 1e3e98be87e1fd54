/**
 * Holes of a topic (spec 1.5): ranges of seqs that are lost, or may have been assigned and are given up, each with its
 * cause. Ranges ascend and are disjoint; neighbours of one cause join. They stay until retention has passed them.
 */
import { assert } from "../base/assert.ts";
import type { TombstoneReason } from "./read.ts";

export const holeCauses = ["crash", "corrupt", "restored", "source_trim"] as const satisfies TombstoneReason[];
export type HoleCause = (typeof holeCauses)[number];

/** Both ends belong to it. */
export interface Hole {
  readonly from: number;
  readonly to: number;
  readonly cause: HoleCause;
}

/** What most topics have; never changed. */
const none: readonly Hole[] = [];

export class Holes {
  #holes: readonly Hole[] = none;

  get all(): readonly Hole[] {
    return this.#holes;
  }

  /** Holes are found at the end of a log. One that lies behind the log's end, still to be filled, is swallowed. */
  add(hole: Hole): void {
    if ((this.#holes.at(-1)?.from ?? 0) >= hole.from) this.#holes = this.#holes.filter(({ from }) => from < hole.from);
    const last = this.#holes.at(-1);
    assert(hole.from <= hole.to && (last === undefined || last.to < hole.from), "holes are added in order");
    this.#holes =
      last?.to === hole.from - 1 && last.cause === hole.cause
        ? [...this.#holes.slice(0, -1), { ...hole, from: last.from }]
        : [...this.#holes, hole];
  }

  /** The hole that `seq` lies in, or else the first one behind it. */
  at(seq: number): Hole | undefined {
    let low = 0;
    let high = this.#holes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#holes[middle].to < seq) low = middle + 1;
      else high = middle;
    }
    return this.#holes[low];
  }

  /** Retention has passed everything below `floor`: its tombstone covers what lies there. */
  passed(floor: number): void {
    if (this.#holes.length > 0 && this.#holes[0].to < floor) {
      this.#holes = this.#holes.filter((hole) => hole.to >= floor);
    }
  }

  reset(holes: readonly Hole[]): void {
    this.#holes = holes;
  }
}
