/**
 * One connection that topics are delivered to (spec 4.2, 4.3): an SSE stream, or a WebSocket. It keeps cursors and no
 * records; while its outbound side is full nothing is read for it, and what comes meanwhile goes into larger frames later.
 *
 * At most one read from the disk is under way for it: beside what is outbound there is never more than one slice in memory.
 */
import { TopicsError } from "../base/errors.ts";
import type { TimerHandle, Timers } from "../env/env.ts";
import type { ReadRequest, ReadResult, Tombstone } from "../topic/read.ts";
import type { Topic } from "../topic/topic.ts";
import type { Cursor, Cursors } from "./cursor.ts";
import type { Delivery } from "./fan-class.ts";
import type { FanOut } from "./fan-out.ts";
import type { FrameFormat, Outbox, StreamFrame } from "./frames.ts";
import { classOf, type ReadOptions, requestFrom } from "./read-options.ts";
import { cursorsId, frameId } from "./resume-id.ts";
import { ResumeLog } from "./resume-log.ts";
import { type Deliverer, Subscription } from "./hub.ts";

/** After a topic that could not be read is tried again. */
const retryMs = 5_000;
/** Bytes that cost a turn as much as a delivery of none. */
const bytesPerCost = 16 * 1024;
const lastSeq = Number.MAX_SAFE_INTEGER;

export interface StreamDeps {
  readonly fanOut: FanOut;
  readonly timers: Pick<Timers, "after" | "clear">;
  /** A subscription has come to its end because its topic did. */
  topicEnded(name: string): void;
  /** A bug was met where nobody can be told. */
  readonly crash: (error: unknown) => void;
}

export class WatchStream<Bytes> implements Deliverer {
  /** Of each topic, as far as frames have been handed over. */
  readonly cursors: Cursors;
  readonly #number: number;
  readonly #format: FrameFormat<Bytes>;
  readonly #outbox: Outbox<Bytes>;
  readonly #deps: StreamDeps;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #held = new Set<Subscription>();
  readonly #retries = new Map<Subscription, TimerHandle>();
  #log: ResumeLog | undefined;
  #isReading = false;

  constructor(number: number, cursors: Cursors, format: FrameFormat<Bytes>, outbox: Outbox<Bytes>, deps: StreamDeps) {
    this.#number = number;
    this.cursors = cursors;
    this.#format = format;
    this.#outbox = outbox;
    this.#deps = deps;
  }

  get size(): number {
    return this.#subscriptions.size;
  }

  /** What short ids of this stream stand for; `undefined` while its ids say everything themselves. */
  get log(): ResumeLog | undefined {
    return this.#log;
  }

  has(name: string): boolean {
    return this.#subscriptions.has(name);
  }

  /** Follows a topic from the cursor that `cursors` has for it. */
  follow(topic: Topic, cursor: Cursor, options: ReadOptions): void {
    this.unfollow(topic.name);
    this.cursors.set(topic.name, cursor);
    const hub = this.#deps.fanOut.hubOf(topic);
    const fanClass = hub.classFor(classOf(options, this.#format.name));
    const subscription = new Subscription(this, hub, fanClass, cursor, options);
    this.#subscriptions.set(topic.name, subscription);
    this.#deps.fanOut.add(subscription);
  }

  /** `false` when it was not followed. */
  unfollow(name: string): boolean {
    const subscription = this.#subscriptions.get(name);
    if (subscription === undefined) return false;
    this.#subscriptions.delete(name);
    this.#held.delete(subscription);
    this.#stopRetry(subscription);
    this.#deps.fanOut.remove(subscription);
    return true;
  }

  /** The id of the last frame, or of the beginning. */
  resumeId(): string | undefined {
    if (!this.#format.withIds) return undefined;
    const id = this.#log === undefined ? cursorsId(this.cursors) : undefined;
    if (id !== undefined) return id;
    this.#log ??= new ResumeLog(this.#number, this.cursors);
    return frameId(this.#number, this.#log.last);
  }

  /** A topic that it follows is not there. */
  tellGone(name: string, cursor: Cursor): void {
    this.#send({ kind: "topic-deleted", topic: name, headSeq: cursor.headSeq }, name, cursor.seq);
  }

  tell(frame: StreamFrame): void {
    if (this.#outbox.isOpen) this.#outbox.send(this.#format.encode(frame, this.resumeId()));
  }

  /** There is room again: what has been held goes on from the log. */
  drained(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const subscription of held) this.#wake(subscription);
  }

  closed(): void {
    for (const name of [...this.#subscriptions.keys()]) this.unfollow(name);
  }

  /** It is this subscription's turn. Returns what that cost. */
  deliver(subscription: Subscription): number {
    if (!this.#outbox.isOpen) return 1;
    if (this.#outbox.isFull || this.#isReading) {
      subscription.state = "held";
      this.#held.add(subscription);
      return 1;
    }
    if (subscription.isTopicGone) {
      this.#topicEnded(subscription);
      return 1;
    }
    return this.#read(subscription);
  }

  pace({ name }: Subscription, everyMs: number): void {
    const message = "The server is busy: topics of low priority are delivered less often for now.";
    if (!this.#outbox.isFull)
      this.tell({ kind: "error", status: 429, code: "throttled", message, retryAfterMs: everyMs, topics: [name] });
  }

  // --- reading ---------------------------------------------------------------------------------------------------

  #read(subscription: Subscription): number {
    const { topic, cursor, options, fanClass } = subscription;
    // A cursor of an earlier instance of the topic is beyond anything there is in this one.
    const isForeign = cursor.topicId !== topic.id && cursor.topicId !== 0;
    const known = isForeign ? undefined : fanClass.at(this.#deps.fanOut.moment, cursor.seq);
    if (known !== undefined) return this.#repeat(subscription, known);
    const through = options.strong ? topic.syncedHead : undefined;
    const request = requestFrom(options, isForeign ? lastSeq : cursor.seq, through);
    let page: ReadResult | undefined;
    try {
      page = topic.readAtHand(request);
    } catch (error) {
      this.#failed(subscription, error);
      return 1;
    }
    if (page !== undefined) return this.#take(subscription, page, !isForeign);
    this.#readFromDisk(subscription, request);
    return 1;
  }

  #readFromDisk(subscription: Subscription, request: ReadRequest): void {
    this.#isReading = true;
    subscription.state = "held";
    subscription.topic
      .read(request)
      .then(
        (page) => {
          this.#isReading = false;
          const isWanted = subscription.state === "held" && this.#outbox.isOpen;
          if (!isWanted) page.release();
          else {
            subscription.state = "idle";
            // The head may have moved while the disk was read, and nobody told this one.
            this.#take(subscription, page, false);
            this.#wake(subscription);
          }
        },
        (error: unknown) => {
          this.#isReading = false;
          if (subscription.state === "held") this.#failed(subscription, error);
        },
      )
      .then(() => this.drained())
      .catch((error: unknown) => this.#deps.crash(error));
  }

  #take(subscription: Subscription, page: ReadResult, isShared: boolean): number {
    const { name, topic, cursor, fanClass } = subscription;
    const { tombstone, nextFromSeq: toSeq, headSeq, caughtUp } = page;
    const fromSeq = cursor.seq;
    cursor.topicId = topic.id;
    cursor.headSeq = headSeq;
    if (tombstone !== undefined) this.#sendTombstone(subscription, tombstone);
    const before = cursor.seq;
    cursor.seq = toSeq;
    let frame: Delivery["frame"];
    let bytes = 0;
    if (page.count > 0) {
      const id = this.#nextId(name, before);
      frame = { id, bytes: this.#format.encode({ kind: "record", topic: name, page, fromSeq, toSeq, headSeq }, id) };
      for (const slice of page.slices) bytes += slice.length;
      this.#outbox.send(frame.bytes as Bytes);
    }
    page.release();
    this.#stopRetry(subscription);
    subscription.isFirst = false;
    const isAlone = this.cursors.size === 1 && this.#log === undefined;
    const delivery: Delivery = { fromSeq, toSeq, headSeq, caughtUp, frame, bytes, isAlone };
    if (isShared && tombstone === undefined) fanClass.keep(this.#deps.fanOut.moment, delivery);
    this.#settle(subscription, caughtUp);
    return 1 + Math.floor(bytes / bytesPerCost);
  }

  /** What another subscriber of the same class has got just now. */
  #repeat(subscription: Subscription, { toSeq, headSeq, caughtUp, frame, bytes, isAlone }: Delivery): number {
    const { name, topic, cursor } = subscription;
    const before = cursor.seq;
    cursor.topicId = topic.id;
    cursor.seq = toSeq;
    cursor.headSeq = headSeq;
    if (frame !== undefined) {
      const same = isAlone && this.cursors.size === 1 && this.#log === undefined;
      const id = same ? frame.id : this.#nextId(name, before);
      if (id !== frame.id) {
        frame.bytes = this.#format.withId(frame.bytes as Bytes, id);
        frame.id = id;
      }
      this.#outbox.send(frame.bytes as Bytes);
    }
    subscription.isFirst = false;
    this.#settle(subscription, caughtUp);
    return 1 + Math.floor(bytes / bytesPerCost);
  }

  #settle(subscription: Subscription, caughtUp: boolean): void {
    if (subscription.state === "ended") return;
    if (!caughtUp) {
      subscription.isLive = false;
      this.#wake(subscription);
    } else if (!subscription.isLive) {
      subscription.isLive = true;
      const { name, cursor } = subscription;
      this.#send({ kind: "caught-up", topic: name, headSeq: cursor.headSeq }, name, cursor.seq);
    }
  }

  // --- telling ---------------------------------------------------------------------------------------------------

  #sendTombstone(subscription: Subscription, { gapFrom, gapTo, ...tombstone }: Tombstone): void {
    const { name, cursor, isFirst, options } = subscription;
    const before = cursor.seq;
    const { reason, earliestSeq } = tombstone;
    cursor.seq = reason === "recreated" ? earliestSeq - 1 : gapTo;
    // Who resumes by an id is told that it was too old, whatever made it so.
    const told = isFirst && this.#format.withIds ? "from_seq_too_old" : reason;
    const headSeq = options.strong ? cursor.headSeq : tombstone.headSeq;
    this.#send({ kind: "tombstone", topic: name, reason: told, gapFrom, gapTo, earliestSeq, headSeq }, name, before);
  }

  /** A frame that moves the cursor of `name` from `before` to where it stands. */
  #send(frame: StreamFrame, name: string, before: number): void {
    if (this.#outbox.isOpen) this.#outbox.send(this.#format.encode(frame, this.#nextId(name, before)));
  }

  #nextId(name: string, before: number): string | undefined {
    if (!this.#format.withIds) return undefined;
    const id = this.#log === undefined ? cursorsId(this.cursors) : undefined;
    if (id !== undefined) return id;
    this.#log ??= new ResumeLog(this.#number, this.cursors);
    return frameId(this.#number, this.#log.take(name, before));
  }

  #topicEnded(subscription: Subscription): void {
    const { name, cursor, topic } = subscription;
    cursor.headSeq = Math.max(cursor.headSeq, topic.headSeq);
    this.unfollow(name);
    this.#send({ kind: "topic-deleted", topic: name, headSeq: cursor.headSeq }, name, cursor.seq);
    this.#deps.topicEnded(name);
  }

  // --- waiting ---------------------------------------------------------------------------------------------------

  #wake(subscription: Subscription): void {
    if (subscription.state !== "ended") this.#deps.fanOut.wake(subscription);
  }

  /** What cannot be read is said once, and tried again: nothing is skipped. */
  #failed(subscription: Subscription, error: unknown): void {
    if (!(error instanceof TopicsError)) throw error;
    subscription.state = "held";
    // The topic is gone: that will be told in its turn.
    if (error.code === "topic_not_found") {
      subscription.isTopicGone = true;
      this.#wake(subscription);
      return;
    }
    const { code, message, status } = error;
    if (!this.#retries.has(subscription))
      this.tell({ kind: "error", status, code, message, retryAfterMs: retryMs, topics: [subscription.name] });
    const timer = this.#deps.timers.after(retryMs, () => {
      if (subscription.state === "held") this.#wake(subscription);
    });
    this.#stopRetry(subscription);
    this.#retries.set(subscription, timer);
  }

  #stopRetry(subscription: Subscription): void {
    const timer = this.#retries.get(subscription);
    if (timer !== undefined) this.#deps.timers.clear(timer);
    this.#retries.delete(subscription);
  }
}
