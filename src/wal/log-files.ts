/**
 * The files of one shard's log that were left for another, and where each ends (spec 6.2, 6.4): how much lies behind a
 * place, and which files no replay from there needs.
 */
import { assert } from "../base/assert.ts";
import { comparePlaces, type LogPlace } from "./commit.ts";
import { firstFrameAt } from "./file-header.ts";

/** A file that was left; its end is the one that its successor declares. */
export interface LeftFile {
  readonly index: number;
  readonly end: number;
}

export class LogFiles {
  #left: LeftFile[];

  /** Oldest first. */
  constructor(left: readonly LeftFile[]) {
    this.#left = [...left];
  }

  /** Oldest first. */
  get all(): readonly LeftFile[] {
    return this.#left;
  }

  /** Goes on in another file. */
  add(file: LeftFile): void {
    assert((this.#left.at(-1)?.index ?? 0) < file.index, "indices rise");
    this.#left.push(file);
  }

  /** Bytes of frames from `place` to `end`, which lies in the active file. */
  bytesBetween(place: LogPlace, end: LogPlace): number {
    let bytes = 0;
    for (let at = this.#left.length - 1; at >= 0 && this.#left[at].index >= place.index; at--)
      bytes += bytesFrom(place, { index: this.#left[at].index, position: this.#left[at].end });
    return bytes + bytesFrom(place, end);
  }

  /** Those that end at or before `place`, oldest first. */
  before(place: LogPlace): LeftFile[] {
    return this.#left.filter(({ index, end }) => comparePlaces({ index, position: end }, place) <= 0);
  }

  remove(indices: ReadonlySet<number>): void {
    this.#left = this.#left.filter(({ index }) => !indices.has(index));
  }
}

/** Within the file of `end`, of what lies behind `place`. */
function bytesFrom(place: LogPlace, end: LogPlace): number {
  if (place.index > end.index) return 0;
  const from = place.index < end.index ? firstFrameAt : Math.max(firstFrameAt, place.position);
  return Math.max(0, end.position - from);
}
