/** The subscriptions of one WebSocket (spec 4.4): they come and go one by one, each with options of its own. */
import { TopicsError } from "../base/errors.ts";
import { maxFollowedTopics } from "../base/limits.ts";
import type { Topic } from "../topic/topic.ts";
import type { FrameFormat, Outbox } from "./frames.ts";
import { notFound, type Place, placeOf, type Wanted } from "./places.ts";
import type { ReadOptions } from "./read-options.ts";
import { type StreamDeps, WatchStream } from "./stream.ts";

export interface SocketDeps extends Omit<StreamDeps, "topicEnded"> {
  named(name: string): Topic | undefined;
}

export class WatchSocket<Bytes> {
  readonly #deps: SocketDeps;
  readonly #stream: WatchStream<Bytes>;

  constructor(format: FrameFormat<Bytes>, outbox: Outbox<Bytes>, deps: SocketDeps) {
    this.#deps = deps;
    const topicEnded = (name: string): void => void this.#stream.cursors.delete(name);
    this.#stream = new WatchStream(0, new Map(), format, outbox, { ...deps, topicEnded });
  }

  /** All of them or, when one is not there, none; `lenient` leaves those out. Nothing is delivered before this returns. */
  subscribe(wanted: readonly Wanted[], options: ReadOptions, lenient: boolean): readonly Place[] {
    const found: [Topic, Wanted][] = [];
    for (const want of wanted) {
      const topic = this.#deps.named(want.name);
      if (topic !== undefined) found.push([topic, want]);
      else if (!lenient) throw notFound(want.name);
    }
    const added = found.filter(([{ name }]) => !this.#stream.has(name)).length;
    if (this.#stream.size + added > maxFollowedTopics)
      throw new TopicsError("throttled", `A socket follows at most ${maxFollowedTopics} topics.`, {
        limit: "followed_topics",
        max: maxFollowedTopics,
      });
    return found.map(([topic, want]) => {
      const place = placeOf(topic, want, options.strong);
      this.#stream.follow(topic, { seq: place.fromSeq, topicId: topic.id, headSeq: place.headSeq }, options);
      return place;
    });
  }

  unsubscribe(name: string): void {
    this.#stream.unfollow(name);
    this.#stream.cursors.delete(name);
  }

  drained(): void {
    this.#stream.drained();
  }

  closed(): void {
    this.#stream.closed();
  }
}
