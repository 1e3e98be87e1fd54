/**
 * Anchor frames (spec 3.3): how far links have come, in one frame for each shard of their destinations. They make no sync of
 * their own; what they say is what a loss of power cannot take any more once they are synced.
 */
import { encodeAnchors, type TopicAnchor } from "../topic/anchor-frame.ts";
import type { Topic } from "../topic/topic.ts";
import type { Wal } from "../wal/wal.ts";
import { shardNumber } from "../wal/wal.ts";

interface MovedTopic extends TopicAnchor {
  readonly topic: Topic;
}

/** So many in one frame. */
const mostInFrame = 4096;

export class AnchorWriter {
  readonly #wal: Wal;
  readonly #nextStamp: () => number;
  readonly #sourceSynced: (topic: Topic, source: number) => boolean;
  /** As far as frames say already. */
  readonly #written = new WeakMap<Topic, number>();

  /** `sourceSynced`: whether the source of the link into a topic is synced so far. */
  constructor(wal: Wal, nextStamp: () => number, sourceSynced: (topic: Topic, source: number) => boolean) {
    this.#wal = wal;
    this.#nextStamp = nextStamp;
    this.#sourceSynced = sourceSynced;
  }

  /**
   * Those that have moved since the last time; resolves when the kernel has their anchors, or will not have them: gives the
   * shards of these.
   */
  async write(topics: Iterable<Topic>): Promise<ReadonlySet<number>> {
    const byShard: MovedTopic[][] = this.#wal.shards.map(() => []);
    for (const topic of topics) {
      const { anchor } = topic.linkEnd;
      topic.linkEnd.sourceMoved();
      if (anchor === undefined || !topic.isLive || this.#written.get(topic) === anchor.source) continue;
      byShard[shardNumber(topic.id, byShard.length)].push({ topic, topicId: topic.id, epoch: topic.epoch, anchor });
    }
    const failed = new Set<number>();
    const writes: Promise<void>[] = [];
    for (const [shard, moved] of byShard.entries())
      for (let at = 0; at < moved.length; at += mostInFrame)
        writes.push(this.#log(shard, moved.slice(at, at + mostInFrame), failed));
    await Promise.all(writes);
    return failed;
  }

  #log(shard: number, moved: readonly MovedTopic[], failed: Set<number>): Promise<void> {
    return new Promise((resolve) => {
      this.#wal.shards[shard].logAnchors(this.#nextStamp(), encodeAnchors(moved), {
        written: () => {
          for (const { topic, anchor } of moved) this.#written.set(topic, anchor.source);
          resolve();
        },
        synced: () => this.#synced(moved),
        failed: () => {
          failed.add(shard);
          resolve();
        },
      });
    });
  }

  #synced(moved: readonly MovedTopic[]): void {
    for (const { topic, anchor } of moved)
      if (this.#sourceSynced(topic, anchor.source)) topic.linkEnd.anchored(anchor.dest);
  }
}
