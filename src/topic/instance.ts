/**
 * One instance of a topic name: its identity, what it holds, what is staged, and what it is given to work with. The verbs
 * (append.ts, configure.ts, delete-records.ts, drop.ts, read.ts, replay.ts) act on it; it decides nothing itself.
 *
 * Modes: `creating` (its creation is not synced: nothing is acked or shown) → `live` → `gone` (deleted, or never created).
 */
import { assert } from "../base/assert.ts";
import { TopicsError } from "../base/errors.ts";
import type { Timers } from "../env/env.ts";
import {
  type CommitLog,
  type CommitStage,
  type Draft,
  type FrameAnchor,
  type FrameFields,
  frameKind,
  type LogPlace,
} from "../wal/commit.ts";
import type { BlockPool } from "./block-pool.ts";
import { Ceiling } from "./ceiling.ts";
import { CommitQueue, type CommitQueueDeps, type Effect } from "./commit-queue.ts";
import { type CommitClass, defaultConfig, type TopicConfig } from "./config.ts";
import { sameConfig } from "./config-codec.ts";
import { Contents, type Quota } from "./contents.ts";
import { encodeEntry, type SmallEntry } from "./entries.ts";
import type { JobKeeper } from "./job-keeper.ts";
import type { SegmentDamage } from "../segment/files.ts";
import type { PartReads } from "./part-reads.ts";
import { Plan } from "./plan.ts";
import type { RunsLimit } from "./record-runs.ts";
import type { ReadRebase } from "./read-rebase.ts";
import type { Resume } from "./resume.ts";
import type { View } from "./retention.ts";
import type { SealedPart } from "./sealed-part.ts";
import { Waiters } from "./waiters.ts";

export interface TopicClock {
  /** The engine's clock (1.6): never goes back. */
  nowMs(): number;
  /** Commit stamp in µs: strictly increasing over all shards, never below `nowMs`. */
  nextStamp(): number;
  monotonicMs(): number;
}

export interface TopicEvents {
  /** Readers of the topic may see seqs up to `headSeq` now. */
  headMoved(topicId: number, headSeq: number): void;
  /** What is below the synced head is on the device now; it is told of no less often than it moves. */
  synced?(topicId: number): void;
  /** Its creation is synced: it may be spoken of. */
  created?(topicId: number): void;
  /** It is deleted, or its creation has failed. */
  gone?(topicId: number): void;
  /** A range of a segment could not be read. */
  damaged(topicId: number, damage: SegmentDamage): void;
  /** The tail has grown enough to be sealed. */
  sealDue(topicId: number): void;
  /** Nothing in a part is live any more, or another one has taken its place. */
  released(part: SealedPart): void;
}

/** What a topic calls; topics of a shard share one. */
export interface TopicDeps {
  readonly log: CommitLog;
  readonly clock: TopicClock;
  readonly timers: Timers;
  readonly blocks: BlockPool;
  readonly parts: PartReads;
  /** Wire bytes of a sealed block: what one read of a few records costs, and one hash covers. */
  readonly blockBytes: number;
  /** A tail of this size may be sealed. */
  readonly sealAt: RunsLimit;
  readonly quota: Quota;
  readonly events: TopicEvents;
  /** For each queue, when it is made. */
  jobs(): JobKeeper;
  /** Makes a part whole of which something cannot be read; `false` when that can't be done. */
  rescue(topicId: number, part: SealedPart): Promise<boolean>;
}

export interface TopicIdentity {
  readonly id: number;
  readonly epoch: number;
  readonly name: string;
}

/** What the WAL adds to a payload, amply. */
export const frameOverheadBytes = 1024;

/** The stage at which a commit of each class is answered (spec 6.1). `ephemeral` ones are of no later one. */
export const ackStage: Readonly<Record<CommitClass, CommitStage>> = {
  ephemeral: "handed",
  memory: "handed",
  disk: "written",
  fsync: "synced",
};

/** Most topics have the default configuration, and then there is one for all of them. */
function shared(config: TopicConfig): TopicConfig {
  return sameConfig(config, defaultConfig) ? defaultConfig : config;
}

export class Instance implements CommitQueueDeps {
  readonly identity: TopicIdentity;
  deps: TopicDeps;
  readonly contents: Contents;
  readonly ceiling = new Ceiling();
  readonly queue: CommitQueue;
  readonly waiters: Waiters;
  plan: Plan;
  mode: "creating" | "live" | "gone" = "creating";
  /** While it stands, nothing new is staged: a change of class or a deletion is being made of several steps. */
  barrier: Promise<void> | undefined;
  lastReadMs: number | undefined;
  /** Operation number of the last published or replayed frame. */
  op = 0;
  /**
   * Stamps of staged configurations and deletes. Until they are decided expiry stands still at the first of them: a
   * record that was shown as expired must not turn out to be kept by a longer TTL, or to have been deleted before.
   */
  readonly heldMs: number[] = [];
  /** Where the log of a rebase that is being made, or read, begins. */
  rebaseFrom: LogPlace | undefined;
  /** During recovery: a rebase that is being read. */
  rebase: ReadRebase | undefined;
  /** During recovery: what a checkpoint says of it, until its log has come that far. */
  resume: Resume | undefined;
  /** Set while links forward the topic: takes over a part in which nothing is live any more, or does not. */
  partLeaving: ((part: SealedPart) => boolean) | undefined;
  /** Published or not, everything up to here is synced. */
  syncedHead = 0;
  /** Set while a link leads here: how far its source is synced. */
  sourceSynced: (() => number) | undefined;
  /** As far as the topic's own frames are concerned, and not their link's source. */
  #late: { readonly headSeq: number; readonly anchor: FrameAnchor | undefined } | undefined;
  #announcedHead = 0;

  constructor(identity: TopicIdentity, config: TopicConfig, deps: TopicDeps) {
    this.identity = identity;
    this.deps = deps;
    const jobs = config.type === "queue" ? deps.jobs() : undefined;
    const released = (part: SealedPart): void => {
      if (this.partLeaving?.(part) !== true) deps.events.released(part);
    };
    this.contents = new Contents(shared(config), deps.blocks, deps.quota, released, jobs);
    this.plan = new Plan(this.contents, 0);
    this.queue = new CommitQueue(this);
    this.waiters = new Waiters(deps.timers);
  }

  monotonicMs(): number {
    return this.deps.clock.monotonicMs();
  }

  plannedHead(): number {
    return this.plan.head;
  }

  published(op: number): void {
    this.op = op;
  }

  moved(): void {
    const { tail } = this.contents.retained;
    const { sealAt } = this.deps;
    if (tail.count >= sealAt.records || tail.bytes >= sealAt.bytes) this.deps.events.sealDue(this.identity.id);
    if (!this.takeHead()) return;
    this.waiters.wake();
    this.deps.events.headMoved(this.identity.id, this.contents.headSeq);
  }

  /** Copies are as safe as what they were derived from, which may be on another shard. */
  synced(headSeq: number, anchor: FrameAnchor | undefined): void {
    const isLate = this.contents.config.durability !== "fsync" && (anchor?.source ?? 0) > this.#sourceHead;
    if (!isLate) return this.anchored(headSeq);
    this.#late = { headSeq, anchor };
  }

  /** Everything up to here is on the device, and what it was derived from. */
  anchored(headSeq: number): void {
    if (headSeq <= this.syncedHead) return;
    this.syncedHead = headSeq;
    this.deps.events.synced?.(this.identity.id);
  }

  /** Derived copies were published. In an `fsync` topic everything that they need is synced by then. */
  derived(): void {
    if (this.contents.config.durability === "fsync") this.anchored(this.contents.headSeq);
  }

  /** More of the source may be synced. */
  sourceMoved(): void {
    const late = this.#late;
    this.#late = undefined;
    if (late !== undefined) this.synced(late.headSeq, late.anchor);
  }

  get #sourceHead(): number {
    return this.sourceSynced?.() ?? Infinity;
  }

  /** Whether the head is another one than the last that anybody was told of. */
  takeHead(): boolean {
    const before = this.#announcedHead;
    this.#announcedHead = this.contents.headSeq;
    return before !== this.#announcedHead;
  }

  reverted(): void {
    this.ceiling.revert();
    this.plan = new Plan(this.contents, this.op);
    this.plan.anchorDue = this.plan.link !== undefined;
  }

  /** What readers see now. */
  view(): View {
    return this.contents.view(this.readClockMs());
  }

  readClockMs(): number {
    const nowMs = this.deps.clock.nowMs();
    return this.heldMs.length === 0 ? nowMs : Math.min(nowMs, this.heldMs[0]);
  }

  get notFound(): TopicsError {
    const { name } = this.identity;
    return new TopicsError("topic_not_found", `there is no topic ${name}`, { topic: name });
  }

  assertThere(): void {
    if (this.mode === "gone") throw this.notFound;
    if (this.queue.failure !== undefined) throw this.queue.failure;
  }

  /** Header of the topic's next frame; `records` of the plan have been taken already. */
  nextFrame(kind: number, firstSeq: number, count: number): FrameFields {
    const { id: topicId, epoch } = this.identity;
    const stamp = this.deps.clock.nextStamp();
    const ceiling = this.ceiling.declare(this.plan.head);
    assert(firstSeq + count <= this.plan.head + 1, "a frame's records are planned before it");
    const { anchor } = this.plan;
    return { kind, topicId, epoch, op: ++this.plan.op, stamp, firstSeq, count, ceiling, anchor };
  }

  /** Stages and submits a frame that assigns no seq. Its bytes have been admitted. */
  submitEntry(entry: SmallEntry, ack: Ack, effect: Effect): void {
    this.submitPayload(this.nextFrame(frameKind[entry.kind], 0, 0), encodeEntry(entry), ack, effect);
  }

  submitPayload(fields: FrameFields, payload: Uint8Array, ack: Ack, effect: Effect): void {
    const draft = this.deps.log.draft(fields, payload.length);
    draft.payload.set(payload);
    this.submit(draft, ack, effect);
  }

  submit(draft: Draft, ack: Ack, effect: Effect): void {
    const place = this.deps.log.place();
    const frame = this.queue.stage(draft, place, ack.at, ack.wants ?? ack.at, ack.reserve ?? false, effect);
    this.deps.log.submit(frame);
    if (frame.ready) this.queue.drain();
  }
}

/** When a commit is answered, what the WAL is asked for if that is more, and whether the reserve may be used. */
export interface Ack {
  readonly at: CommitStage;
  readonly wants?: CommitStage;
  readonly reserve?: boolean;
}

export function stampMsOf(stamp: number): number {
  return Math.floor(stamp / 1000);
}
