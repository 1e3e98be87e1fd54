/**
 * The worker of one link (spec 3.2): all routers from one source to one destination, record by record in the source's order.
 * It is called for one step at a time, and a step is short. What it has to wait for it waits for aside; what the destination
 * refuses it tries again, later each time, and skips nothing.
 *
 * Idle (nothing to forward) → due (a step would help) → blocked (something is awaited) or paused (refused: a timer runs).
 */
import { TopicsError } from "../base/errors.ts";
import type { TimerHandle, Timers } from "../env/env.ts";
import { Copies } from "../topic/copies.ts";
import type { Forwardable, Forwarding } from "../topic/forwarding.ts";
import { type LinkEnd, mostHoles, type StagedCopies } from "../topic/link-end.ts";
import type { LinkState } from "../topic/link.ts";
import type { Topic } from "../topic/topic.ts";
import type { LogPlace } from "../wal/commit.ts";

export interface LinkDeps {
  readonly timers: Timers;
  /** Something to wait for before records may be added anywhere. */
  room(): Promise<void> | undefined;
  /** Everything of the topic that was published by now is synced; `false` when that cannot be had. */
  synced(topic: Topic): Promise<boolean>;
  /** A step would help. */
  due(link: Link): void;
  /** What is copied of the topic can be derived from its log. */
  mayDerive(source: Topic): boolean;
  /** Copies were derived: sooner or later a frame has to say so. */
  derived(): void;
  crash(error: unknown): void;
}

export type PauseCause = "dest_full" | "read_only";

const recordsPerStep = 4096;
const bytesPerStep = 256 << 10;
const firstPauseMs = 20;
const longestPauseMs = 2000;

export class Link {
  readonly source: Topic;
  readonly dest: Topic;
  /** Its source is, by whatever way, its destination's destination. */
  cyclic = false;
  /** Nothing is derived any more: it may become part of a cycle. */
  framed = false;
  pausedBy: PauseCause | undefined;
  lastError: string | undefined;
  readonly #deps: LinkDeps;
  readonly #forwarding: Forwarding;
  readonly #end: LinkEnd;
  #blocks: ReturnType<Forwarding["reader"]>;
  #blocked = false;
  #ended = false;
  #retry: TimerHandle | undefined;
  #pauseMs = firstPauseMs;
  /** Records of the source in one step: fewer while the destination is nearly full. */
  #records = recordsPerStep;
  /** Where the log has the source's records of the step, if copies can be derived from it. */
  #logged: LogPlace | undefined;
  /** Copies of the last step, whatever came of it. */
  #tried = 0;
  /** Steps whose copies are not there for everybody yet. */
  #inFlight = 0;
  /** It has waited for room: after that the next step is taken, as an append is. */
  #hasWaited = false;
  /** Source records up to here are synced, where that matters. */
  #synced = 0;
  #waiters: { readonly through: number; readonly resolve: () => void }[] = [];

  constructor(source: Topic, dest: Topic, forwarding: Forwarding, deps: LinkDeps) {
    this.source = source;
    this.dest = dest;
    this.#forwarding = forwarding;
    this.#end = dest.linkEnd;
    this.#end.follow(() => source.syncedHead);
    this.#blocks = forwarding.reader();
    this.#deps = deps;
  }

  get state(): LinkState | undefined {
    return this.#end.link;
  }

  get end(): LinkEnd {
    return this.#end;
  }

  /** Everything of the source up to here is in the destination, for everybody to see. */
  get cursor(): number {
    return this.#end.link?.cursor ?? Infinity;
  }

  get isBehind(): boolean {
    return !this.#ended && this.cursor < this.source.headSeq;
  }

  /** Forwards a little; `true` when there is more that could be done at once. */
  step(): boolean {
    if (this.#blocked || this.#ended || this.#retry !== undefined) return false;
    try {
      return this.#forward();
    } catch (error) {
      this.#refused(error);
      return false;
    }
  }

  /**
   * Resolves when the source is forwarded up to `through`, or as soon as that cannot be expected: paused, at an end. One that
   * is paused is tried again first.
   */
  reach(through: number): Promise<void> {
    if (this.#ended || this.cursor >= through) return Promise.resolve();
    this.retryNow();
    const reached = new Promise<void>((resolve) => this.#waiters.push({ through, resolve }));
    this.#deps.due(this);
    return reached;
  }

  /** What it was paused for may be over. */
  retryNow(): void {
    if (this.#retry === undefined) return;
    this.#deps.timers.clear(this.#retry);
    this.#retry = undefined;
    this.#deps.due(this);
  }

  /** Nothing is forwarded any more. */
  finish(): void {
    this.#ended = true;
    if (this.#retry !== undefined) this.#deps.timers.clear(this.#retry);
    this.#retry = undefined;
    this.#blocks.release();
    this.#end.follow(undefined);
    this.#wake(true);
  }

  #forward(): boolean {
    const link = this.#end.planned;
    if (link === undefined || this.dest.isGone) return false;
    if (link.cursor >= this.source.headSeq) {
      this.#blocks.release();
      return false;
    }
    // What cannot be sealed takes no less room after a second look, and asking again and again leaves no thread to others.
    const room = this.#hasWaited ? undefined : this.#deps.room();
    this.#hasWaited = room !== undefined;
    if (room !== undefined) return this.#wait(room);
    const copies = new Copies(link, this.cyclic, { records: this.#records, bytes: bytesPerStep });
    this.#logged = undefined;
    const stopped = this.#gather(copies, link);
    this.#tried = copies.count;
    if (copies.through > link.cursor) return this.#staged(this.#end.stage(copies, this.#logged));
    if (stopped === "unsynced") return this.#wait(this.#syncSource());
    if (stopped?.kind === "missing") return this.#wait(this.#forwarding.fetch(this.#blocks));
    return stopped?.kind === "gap" && this.#passGap(link, stopped);
  }

  /** Gathers as much as one step takes; says what stands in the way of more, if anything. */
  #gather(copies: Copies, { cursor }: LinkState): Forwardable | "unsynced" | undefined {
    const last = this.#mayTake(cursor);
    const mayDerive = !this.cyclic && !this.framed && this.#deps.mayDerive(this.source);
    while (!copies.isFull) {
      if (copies.through >= last) return "unsynced";
      const next = this.#forwarding.next(copies.through, this.#blocks);
      if (next.kind !== "run") return next;
      const logged = mayDerive ? next.logged : undefined;
      const isFirst = copies.through === cursor;
      // What is derived and what needs a frame are steps of their own.
      if (!isFirst && (logged === undefined) !== (this.#logged === undefined)) return undefined;
      if (isFirst) this.#logged = logged;
      const end = Math.min(next.end, next.first + last - copies.through);
      if (copies.take(next.chunk, next.first, end) < end) return undefined;
    }
    return undefined;
  }

  /** Into an `fsync` topic nothing goes that its source may still lose (3.2). */
  #mayTake(cursor: number): number {
    const own = this.source.config.durability;
    const safe = this.dest.config.durability !== "fsync" || own === "fsync" || own === "ephemeral";
    return safe ? Infinity : Math.max(cursor, this.#synced);
  }

  async #syncSource(): Promise<void> {
    const { headSeq } = this.source;
    if (!(await this.#deps.synced(this.source)))
      throw new TopicsError("wal_unavailable", `the log of topic ${this.source.name} cannot be synced`);
    this.#synced = headSeq;
  }

  /** What is gone is announced: as many seqs as would have been copied at most. */
  #passGap(link: LinkState, { through, cause }: Extract<Forwardable, { kind: "gap" }>): boolean {
    const from = Math.max(link.cursor, Math.min(...link.routers.map((router) => router.from)));
    // What a restore to an earlier moment gave up was never there, as far as this directory goes.
    if (through <= from || cause === "restored") {
      const none = new Copies(link, this.cyclic, { records: 1, bytes: 1 });
      none.through = through;
      return this.#staged(this.#end.stage(none));
    }
    if (this.#end.holes >= mostHoles)
      throw new TopicsError("throttled", `topic ${this.dest.name} has as many holes as it may have`);
    return this.#staged(this.#end.stageGap(through - from, through, cause));
  }

  #staged(staged: StagedCopies): boolean {
    if ("wait" in staged) return this.#wait(staged.wait);
    this.#inFlight++;
    staged.published.then(
      () => {
        this.#inFlight--;
        this.#published();
      },
      (error: unknown) => {
        this.#inFlight--;
        this.#refused(error);
      },
    );
    return true;
  }

  #published(): void {
    const paused = this.#retry !== undefined;
    if (!paused) {
      this.pausedBy = undefined;
      this.lastError = undefined;
      this.#pauseMs = firstPauseMs;
      this.#records = Math.min(recordsPerStep, this.#records * 2);
    }
    this.#forwarding.trim();
    if (this.#end.anchor !== undefined) this.#deps.derived();
    this.#wake(paused);
  }

  #wait(promise: Promise<void>): false {
    this.#blocked = true;
    promise.then(
      () => {
        this.#blocked = false;
        this.#deps.due(this);
      },
      (error: unknown) => {
        this.#blocked = false;
        this.#refused(error);
      },
    );
    return false;
  }

  #refused(error: unknown): void {
    if (this.#ended || this.dest.isGone) return;
    if (!(error instanceof TopicsError)) return this.#deps.crash(error);
    const full = error.code === "topic_full" || error.code === "record_too_large";
    if (full && this.#tried > 1) {
      this.#records = this.#tried >> 1;
      return this.#deps.due(this);
    }
    this.pausedBy = full ? "dest_full" : error.code === "wal_unavailable" ? "read_only" : undefined;
    this.lastError = error.message;
    if (this.#retry === undefined) {
      this.#retry = this.#deps.timers.after(this.#pauseMs, () => {
        this.#retry = undefined;
        this.#deps.due(this);
      });
      this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
    }
    this.#wake(true);
  }

  /** Those who wait for what is there by now; `all` when nobody can be told how long it would take. */
  #wake(all: boolean): void {
    if (this.#waiters.length === 0) return;
    const { cursor } = this;
    // What is on its way will be there in a moment.
    const left = all && this.#inFlight === 0 ? [] : this.#waiters.filter(({ through }) => through > cursor);
    const woken = this.#waiters.filter((waiter) => !left.includes(waiter));
    this.#waiters = left;
    for (const { resolve } of woken) resolve();
  }
}
