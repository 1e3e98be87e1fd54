/**
 * Frames of a destination whose copies have to be derived (spec 3.3): what they do depends on records of another topic, which
 * may be on a shard that is replayed later. So they wait until everything else has been replayed; only their places are kept.
 */
import type { FrameAnchor, LogPlace } from "../wal/commit.ts";
import type { FramePlace } from "../wal/reread.ts";

export type DeferredItem =
  | { readonly kind: "frame"; readonly place: FramePlace }
  /** Of an anchor frame of the shard. */
  | { readonly kind: "anchor"; readonly anchor: FrameAnchor; readonly place: LogPlace }
  /** The log came to an end in order. */
  | { readonly kind: "final" };

export class Deferred {
  readonly #items = new Map<number, DeferredItem[]>();

  has(topicId: number): boolean {
    return this.#items.has(topicId);
  }

  begin(topicId: number): void {
    if (!this.#items.has(topicId)) this.#items.set(topicId, []);
  }

  add(topicId: number, item: DeferredItem): void {
    this.#items.get(topicId)!.push(item);
  }

  drop(topicId: number): void {
    this.#items.delete(topicId);
  }

  /** Each is forgotten when it has been given. */
  *take(): Generator<readonly [topicId: number, items: readonly DeferredItem[]]> {
    for (const [topicId, items] of this.#items) {
      this.#items.delete(topicId);
      yield [topicId, items];
    }
  }

  get size(): number {
    return this.#items.size;
  }
}
