/**
 * The staged commits of one topic, in operation order (spec 6.1, 6.2). Whatever stage each of them waits for, they are
 * published and answered in this order: one that is ready behind one that is not waits with it. A commit without a frame
 * (records of an `ephemeral` topic) has a place in the same order.
 *
 * A commit: staged → published (its answer goes out, readers see it), or staged → failed, and then everything staged
 * behind it fails too. While that goes on nothing can be staged.
 */
import { assert } from "../base/assert.ts";
import type { TopicsError } from "../base/errors.ts";
import { Fifo } from "../base/fifo.ts";
import type { Commit, CommitStage, Draft, FrameAnchor, LogPlace } from "../wal/commit.ts";
import type { Ceiling } from "./ceiling.ts";

/** A commit as it is published: its stamp, and how long it took to reach the kernel, and the device. */
export interface Committed {
  readonly stampMs: number;
  /** The frame lies at or behind it; `undefined` without a frame. */
  readonly place: LogPlace | undefined;
  readonly writtenAfterMs: number;
  readonly syncedAfterMs: number;
}

/** What becomes of a commit; both run once, synchronously, in operation order. */
export interface Effect {
  publish(committed: Committed): void;
  fail(error: TopicsError): void;
}

/** How the queue reaches back into its topic. */
export interface CommitQueueDeps {
  readonly ceiling: Ceiling;
  monotonicMs(): number;
  /** The highest seq assigned by now, staged ones included. */
  plannedHead(): number;
  /** A frame has been published; its operation number is the topic's last. */
  published(op: number): void;
  /** Some commits have been published. */
  moved(): void;
  /** Everything up to this seq is synced, but maybe what copies up to the anchor were derived from. */
  synced(headSeq: number, anchor: FrameAnchor | undefined): void;
  /** All staged commits have failed: plans begin again at what is published. */
  reverted(): void;
}

interface Staged {
  readonly frame: StagedFrame | undefined;
  readonly stampMs: number;
  readonly effect: Effect;
}

export class CommitQueue {
  readonly #deps: CommitQueueDeps;
  readonly #staged = new Fifo<Staged>();
  #failure: TopicsError | undefined;

  constructor(deps: CommitQueueDeps) {
    this.#deps = deps;
  }

  /** No frame that is staged lies before it; `undefined` when none is. */
  get place(): LogPlace | undefined {
    for (const { frame } of this.#staged) if (frame !== undefined) return frame.place;
    return undefined;
  }

  get isEmpty(): boolean {
    return this.#staged.length === 0;
  }

  /** Why nothing can be staged just now. */
  get failure(): TopicsError | undefined {
    return this.#failure;
  }

  /**
   * A commit with a frame; the caller submits what it gets. No frame submitted now will lie before `place`. `ackAt`: the
   * stage that its answer waits for; `wants`: the stage that the WAL is asked for.
   */
  stage(
    draft: Draft,
    place: LogPlace,
    ackAt: CommitStage,
    wants: CommitStage,
    reserve: boolean,
    effect: Effect,
  ): StagedFrame {
    assert(this.#failure === undefined, "nothing is staged while commits fail");
    const headSeq = this.#deps.plannedHead();
    const frame = new StagedFrame({ draft, place, ackAt, wants, reserve, effect, headSeq }, this, this.#deps);
    if (ackAt === "synced") this.#deps.ceiling.await(draft.fields.ceiling);
    this.#staged.push({ frame, stampMs: frame.stampMs, effect });
    return frame;
  }

  /** A commit that takes its place in the order and needs nothing else. */
  stageWithoutFrame(stampMs: number, effect: Effect): void {
    assert(this.#failure === undefined, "nothing is staged while commits fail");
    this.#staged.push({ frame: undefined, stampMs, effect });
    this.drain();
  }

  /** Resolves when everything staged by now is decided; `undefined` when there is nothing. */
  decided(): Promise<void> | undefined {
    if (this.isEmpty) return undefined;
    return new Promise<void>((resolve) => {
      const effect = { publish: () => resolve(), fail: () => resolve() };
      this.#staged.push({ frame: undefined, stampMs: 0, effect });
    });
  }

  /** Publishes what is ready, from the front. */
  drain(): void {
    let moved = false;
    for (let head = this.#staged.peek(); head?.frame?.ready !== false && head; head = this.#staged.peek()) {
      assert(this.#failure === undefined, "nothing is published while commits fail");
      this.#staged.shift();
      if (head.frame !== undefined) {
        head.frame.acked = true;
        this.#deps.published(head.frame.draft.fields.op);
      }
      head.effect.publish(head.frame ?? withoutFrame(head.stampMs));
      moved = true;
    }
    if (moved) this.#deps.moved();
  }

  /** The shard gives a frame up, and in the same breath every other one of the topic that is not acked. */
  failed(frame: StagedFrame, error: TopicsError): void {
    // Its answer is out: a shard that is torn down takes nothing back.
    if (frame.acked) return;
    this.#failure = error;
    const items: Staged[] = [];
    while (items.at(-1)?.frame !== frame) items.push(this.#staged.shift());
    assert(
      items.every((item) => item.frame === undefined || item.frame === frame),
      "commits fail in order",
    );
    while (this.#staged.length > 0 && this.#staged.peek()?.frame === undefined) items.push(this.#staged.shift());
    if (this.isEmpty) {
      this.#failure = undefined;
      this.#deps.reverted();
    }
    for (const { effect } of items) effect.fail(error);
  }
}

function withoutFrame(stampMs: number): Committed {
  return { stampMs, place: undefined, writtenAfterMs: 0, syncedAfterMs: 0 };
}

interface StagedFrameParts {
  readonly draft: Draft;
  readonly place: LogPlace;
  readonly ackAt: CommitStage;
  readonly wants: CommitStage;
  readonly reserve: boolean;
  readonly effect: Effect;
  readonly headSeq: number;
}

/** A commit on its way through the WAL. */
export class StagedFrame implements Commit, Committed {
  readonly draft: Draft;
  readonly wants: CommitStage;
  readonly reserve: boolean;
  readonly stampMs: number;
  readonly place: LogPlace;
  acked = false;
  ready: boolean;
  writtenAfterMs = 0;
  syncedAfterMs = 0;
  readonly #parts: StagedFrameParts;
  readonly #queue: CommitQueue;
  readonly #deps: CommitQueueDeps;
  readonly #stagedMs: number;

  constructor(parts: StagedFrameParts, queue: CommitQueue, deps: CommitQueueDeps) {
    this.draft = parts.draft;
    this.wants = parts.wants;
    this.reserve = parts.reserve;
    this.place = parts.place;
    this.stampMs = Math.floor(parts.draft.fields.stamp / 1000);
    this.ready = parts.ackAt === "handed";
    this.#parts = parts;
    this.#queue = queue;
    this.#deps = deps;
    this.#stagedMs = deps.monotonicMs();
  }

  written(): void {
    this.writtenAfterMs = this.#deps.monotonicMs() - this.#stagedMs;
    if (this.#parts.ackAt === "written") this.#reach();
  }

  synced(): void {
    this.syncedAfterMs = this.#deps.monotonicMs() - this.#stagedMs;
    const { headSeq } = this.#parts;
    this.#deps.ceiling.rise(this.draft.fields.ceiling, this.#deps.plannedHead() - headSeq);
    this.#deps.synced(headSeq, this.draft.fields.anchor);
    this.#reach();
  }

  failed(error: TopicsError): void {
    this.#queue.failed(this, error);
  }

  #reach(): void {
    this.ready = true;
    if (!this.acked) this.#queue.drain();
  }
}
