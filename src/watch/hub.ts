/** One topic and all who follow it. Publication only marks it: whoever publishes waits for nobody (spec 4.3). */
import { assert } from "../base/assert.ts";
import { Fifo } from "../base/fifo.ts";
import type { Topic } from "../topic/topic.ts";
import { FanClass } from "./fan-class.ts";
import type { Cursor } from "./cursor.ts";
import type { ReadOptions } from "./read-options.ts";

/** A stream, as whoever gives out the turns sees it. */
export interface Deliverer {
  /** It is this subscription's turn. Returns what that cost. */
  deliver(subscription: Subscription): number;
  /** It comes at most so often now. */
  pace(subscription: Subscription, everyMs: number): void;
}

/**
 * One topic on one stream: a cursor, and where it stands. It holds no records: what is to be sent is read from the log
 * when there is room for it (spec 4.3).
 *
 * idle → queued (something may be there to read) → idle, or → held (its stream has no room, or waits for the disk) →
 * queued. `ended` when the topic is gone, or nobody wants it any more.
 */
export class Subscription {
  readonly name: string;
  readonly stream: Deliverer;
  readonly topic: Topic;
  readonly hub: Hub;
  readonly fanClass: FanClass;
  readonly cursor: Cursor;
  readonly options: ReadOptions;
  state: "idle" | "queued" | "held" | "ended" = "idle";
  /** Everything there was has been sent, and that has been said. */
  isLive = false;
  /** Nothing was read for it on this stream yet. */
  isFirst = true;
  /** The topic is deleted; its stream is to be told. */
  isTopicGone = false;

  constructor(stream: Deliverer, hub: Hub, fanClass: FanClass, cursor: Cursor, options: ReadOptions) {
    this.name = hub.topic.name;
    this.topic = hub.topic;
    this.stream = stream;
    this.hub = hub;
    this.fanClass = fanClass;
    this.cursor = cursor;
    this.options = options;
  }
}

export class Hub {
  readonly topic: Topic;
  readonly #subscribers = new Set<Subscription>();
  readonly #classes = new Map<string, FanClass>();
  readonly #queue = new Fifo<Subscription>();
  /** When it was last served under pressure. */
  servedMs: number | undefined;
  #strong = 0;
  #moved = false;

  constructor(topic: Topic) {
    this.topic = topic;
  }

  get isEmpty(): boolean {
    return this.#subscribers.size === 0;
  }

  get hasStrong(): boolean {
    return this.#strong > 0;
  }

  get subscribers(): Iterable<Subscription> {
    return this.#subscribers;
  }

  classFor(key: string): FanClass {
    let known = this.#classes.get(key);
    if (known === undefined) {
      known = new FanClass(key);
      this.#classes.set(key, known);
    }
    return known;
  }

  add(subscription: Subscription): void {
    this.#subscribers.add(subscription);
    subscription.fanClass.subscribers++;
    if (subscription.options.strong) this.#strong++;
  }

  remove(subscription: Subscription): void {
    if (!this.#subscribers.delete(subscription)) return;
    const { fanClass, options } = subscription;
    if (--fanClass.subscribers === 0) this.#classes.delete(fanClass.key);
    if (options.strong) this.#strong--;
  }

  /** There may be something to read for everybody. */
  mark(): void {
    this.#moved = true;
  }

  enqueue(subscription: Subscription): void {
    assert(subscription.state !== "ended" && subscription.hub === this, "only who follows is queued");
    if (subscription.state === "queued") return;
    subscription.state = "queued";
    this.#queue.push(subscription);
  }

  /** What was kept for the moment is not kept longer. */
  endMoment(): void {
    for (const fanClass of this.#classes.values()) fanClass.forget();
  }

  /** The next whose turn it is; `undefined` when nothing is left to do here. */
  next(): Subscription | undefined {
    if (this.#moved) {
      this.#moved = false;
      for (const subscription of this.#subscribers) if (subscription.state === "idle") this.enqueue(subscription);
    }
    while (this.#queue.length > 0) {
      const subscription = this.#queue.shift();
      if (subscription.state !== "queued") continue;
      subscription.state = "idle";
      return subscription;
    }
    return undefined;
  }
}
