/** A stream of a session (spec 4.1, 4.2): the session's topics, and those that its prefixes pick up as they are created. */
import { maxFollowedTopics } from "../base/limits.ts";
import type { Topic } from "../topic/topic.ts";
import type { FanOut, TopicFollower } from "./fan-out.ts";
import type { FrameFormat, Outbox } from "./frames.ts";
import type { WatchSession } from "./session.ts";
import { type StreamDeps, WatchStream } from "./stream.ts";

export interface SessionStreamDeps extends Omit<StreamDeps, "topicEnded"> {
  readonly fanOut: FanOut;
  /** A live topic by that name. */
  named(name: string): Topic | undefined;
  /** Live topics whose names begin so. */
  matching(prefix: string): Iterable<Topic>;
}

export class SessionStream<Bytes> implements TopicFollower {
  readonly #session: WatchSession;
  readonly #deps: SessionStreamDeps;
  readonly #outbox: Outbox<Bytes>;
  readonly #stream: WatchStream<Bytes>;
  #isOver = false;
  #isOverfull = false;

  constructor(
    session: WatchSession,
    start: ReturnType<WatchSession["begin"]>,
    format: FrameFormat<Bytes>,
    outbox: Outbox<Bytes>,
    deps: SessionStreamDeps,
  ) {
    this.#session = session;
    this.#deps = deps;
    this.#outbox = outbox;
    this.#stream = new WatchStream(start.number, start.cursors, format, outbox, {
      ...deps,
      topicEnded: (name) => this.#topicEnded(name),
    });
  }

  /** From now on it is one of the session's streams, and its newest. */
  start(): void {
    const { prefixes } = this.#session.terms;
    this.#session.attach(this.#stream);
    if (prefixes.length > 0) this.#deps.fanOut.follow(this);
    for (const [name, cursor] of [...this.#stream.cursors]) {
      const topic = this.#deps.named(name);
      if (topic !== undefined) this.#stream.follow(topic, cursor, this.#session.terms.options);
      else this.#absent(name);
    }
    for (const prefix of prefixes) for (const topic of this.#deps.matching(prefix)) this.#pickUp(topic);
    this.#endIfEmpty();
  }

  resumeId(): string | undefined {
    return this.#stream.resumeId();
  }

  topicCreated(topic: Topic): void {
    if (this.#session.terms.prefixes.some((prefix) => topic.name.startsWith(prefix))) this.#pickUp(topic);
  }

  drained(): void {
    this.#stream.drained();
  }

  closed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deps.fanOut.unfollow(this);
    this.#stream.closed();
    this.#session.detach(this.#stream);
  }

  /** A topic that was made after the session: all of it. */
  #pickUp(topic: Topic): void {
    if (this.#stream.has(topic.name)) return;
    if (this.#stream.size < maxFollowedTopics) {
      const cursor = this.#stream.cursors.get(topic.name) ?? { seq: 0, topicId: topic.id, headSeq: 0 };
      this.#stream.follow(topic, cursor, this.#session.terms.options);
    } else if (!this.#isOverfull) {
      this.#isOverfull = true;
      const message = `A session follows at most ${maxFollowedTopics} topics; more of them fit its prefixes.`;
      const topics = [topic.name];
      this.#stream.tell({ kind: "error", status: 429, code: "throttled", message, retryAfterMs: undefined, topics });
    }
  }

  #absent(name: string): void {
    const cursor = this.#stream.cursors.get(name);
    if (cursor !== undefined) this.#stream.tellGone(name, cursor);
    this.#forgetUnnamed(name);
  }

  #topicEnded(name: string): void {
    this.#forgetUnnamed(name);
    this.#endIfEmpty();
  }

  /** One that comes back under a prefix is a new one, and read from its beginning. */
  #forgetUnnamed(name: string): void {
    if (!this.#session.named.has(name)) this.#stream.cursors.delete(name);
  }

  #endIfEmpty(): void {
    if (this.#stream.size === 0 && this.#session.terms.prefixes.length === 0) this.#outbox.end();
  }
}
