/**
 * One log (spec 1): appends, reads, deletes, configuration, and its recovery. The facade that the engine holds; each verb
 * lives in a file of its own.
 */
import { capture, type CapturedTopic } from "./capture.ts";
import { append, type TopicAppend, type TopicAppendResult } from "./append.ts";
import { lowerCeiling } from "./ceiling-frames.ts";
import type { TopicConfig } from "./config.ts";
import { configure } from "./configure.ts";
import { deleteRecords, type TopicDelete, type TopicDeleteResult } from "./delete-records.ts";
import { changeJobs, type JobsCommit, logIntent } from "./change-jobs.ts";
import { create, drop } from "./drop.ts";
import { decodeEntry, type Entry, type MoveIntent } from "./entries.ts";
import { Forwarding } from "./forwarding.ts";
import type { SourceNeed } from "./derivations.ts";
import type { Copies } from "./copies.ts";
import type { Hole, HoleCause } from "./holes.ts";
import { Instance, type TopicDeps, type TopicIdentity } from "./instance.ts";
import type { JobKeeper } from "./job-keeper.ts";
import type { LinkAnchor, LinkChange } from "./link.ts";
import { LinkEnd } from "./link-end.ts";
import { read, readAtHand, readNow } from "./long-poll.ts";
import { readSingles, type SingleRecord } from "./read-jobs.ts";
import type { RunsLimit } from "./record-runs.ts";
import type { ReadRequest, ReadResult } from "./read.ts";
import {
  afterRecovery,
  concludeResume,
  deleteFrame,
  holeFrame,
  markCleanStop,
  recoveryHole,
  replay,
  type ReplayOutcome,
  restoredHole,
} from "./replay.ts";
import { Rescue } from "./rescue.ts";
import { Resume } from "./resume.ts";
import {
  type ClosedTail,
  closeTail,
  install,
  type Installed,
  type PendingPart,
  writeParts,
  writeTail,
} from "./seal.ts";
import type { SealedPart } from "./sealed-part.ts";
import type { TopicSection } from "./section.ts";
import { anchorAhead, derive, isAhead, passLost, type Way, wayOf } from "./way.ts";
import type { TopicsError } from "../base/errors.ts";
import type { SegmentWriter } from "../segment/writer.ts";
import type { FrameAnchor, FrameFields, LogPlace } from "../wal/commit.ts";
import { frameKind } from "../wal/commit.ts";

export interface TopicSummary {
  readonly headSeq: number;
  readonly earliestSeq: number;
  readonly nextSeq: number;
  readonly evictFloor: number;
  readonly count: number;
  readonly bytes: number;
  readonly lastWriteTs: number | undefined;
  readonly lastReadTs: number | undefined;
}

/** The part of a topic that is in memory. */
export interface TailState {
  readonly count: number;
  readonly bytes: number;
  readonly heldBytes: number;
  readonly place: LogPlace | undefined;
  /** Frames of other topics, which records in it were derived from. */
  readonly needs: readonly SourceNeed[];
  /** `$ts` of its first live record; `Infinity` without one. */
  readonly sinceMs: number;
}

export interface CreatedTopic {
  readonly topic: Topic;
  /** Resolves when the creation is synced; rejects when it fails, and then the topic never was. */
  readonly created: Promise<void>;
}

export type TopicOutcome =
  { readonly ok: true; readonly topic: Topic } | { readonly ok: false; readonly reason: string };

export class Topic {
  readonly #instance: Instance;

  private constructor(instance: Instance) {
    this.#instance = instance;
  }

  /**
   * A new topic, whose creation is its first commit: whatever is appended behind it is answered after its sync. The
   * caller has been admitted `smallEntryBytes` (admission.ts) by the shard in the same tick.
   */
  static create(identity: TopicIdentity, config: TopicConfig, deps: TopicDeps, firstRecords = 0): CreatedTopic {
    const instance = new Instance(identity, config, deps);
    return { topic: new Topic(instance), created: create(instance, firstRecords) };
  }

  /** A topic from its section of a checkpoint; `parts` are those of the section. The log behind it follows. */
  static fromSection(section: TopicSection, parts: readonly SealedPart[], deps: TopicDeps): Topic {
    const { id, epoch, name } = section;
    const instance = new Instance({ id, epoch, name }, section.config, deps);
    instance.mode = "live";
    instance.op = section.op;
    instance.contents.restore(section, parts, { ...section, anchor: anchorOf(section) });
    instance.ceiling.replay(section.ceiling, true);
    instance.resume = new Resume(section.op, section.state.head, section.tail, section.derived);
    return new Topic(instance);
  }

  /** What a section says of jobs and moves; `false` when it can't be. */
  restoreJobs({ jobs, moves }: Pick<TopicSection, "jobs" | "moves">): boolean {
    const { contents } = this.#instance;
    return (jobs === undefined || contents.jobs?.restore(jobs) === true) && contents.moves.restore(moves);
  }

  /** A topic from the frame of its creation, which lies at `place`. */
  static fromCreate(fields: FrameFields, payload: Uint8Array, place: LogPlace, deps: TopicDeps): TopicOutcome {
    if (fields.kind !== frameKind.topicCreate) return { ok: false, reason: "a topic does not begin with its creation" };
    const outcome = decodeEntry(fields.kind, payload);
    if (!outcome.ok) return outcome;
    if (outcome.entry.kind !== "topicCreate") return { ok: false, reason: "a creation says something else" };
    const { name, config } = outcome.entry;
    const instance = new Instance({ id: fields.topicId, epoch: fields.epoch, name }, config, deps);
    const replayed = replay(instance, fields, payload, place);
    return replayed.ok ? { ok: true, topic: new Topic(instance) } : replayed;
  }

  get id(): number {
    return this.#instance.identity.id;
  }

  get epoch(): number {
    return this.#instance.identity.epoch;
  }

  /** Operation number of its last frame that counts. */
  get op(): number {
    return this.#instance.op;
  }

  get name(): string {
    return this.#instance.identity.name;
  }

  /** Highest seq assigned or in a hole. */
  get headSeq(): number {
    return this.#instance.contents.headSeq;
  }

  /** What is in force; a change that is not synced yet is not. */
  get config(): TopicConfig {
    return this.#instance.contents.config;
  }

  /** Its creation is synced and it is not deleted: only then may anybody be told of it. */
  get isLive(): boolean {
    return this.#instance.mode === "live";
  }

  get isGone(): boolean {
    return this.#instance.mode === "gone";
  }

  /** Its checkpoint knows of frames that are still to be met. */
  get isResuming(): boolean {
    return this.#instance.resume !== undefined;
  }

  append(request: TopicAppend): Promise<TopicAppendResult> {
    return append(this.#instance, request);
  }

  read(request: ReadRequest): Promise<ReadResult> {
    return read(this.#instance, request);
  }

  /** The same at once, whatever `waitMs` says; `undefined` when something has to be read from the disk first. */
  readAtHand(request: ReadRequest): ReadResult | undefined {
    return readAtHand(this.#instance, request);
  }

  /** The head as far as it would survive a loss of power; an `ephemeral` topic promises nothing, and has just its head. */
  get syncedHead(): number {
    const { contents, syncedHead } = this.#instance;
    return contents.config.durability === "ephemeral" ? contents.headSeq : Math.min(contents.headSeq, syncedHead);
  }

  /** The same without waiting, whatever `waitMs` says. */
  readNow(request: ReadRequest): ReadResult {
    return readNow(this.#instance, request);
  }

  deleteRecords(request: TopicDelete): Promise<TopicDeleteResult> {
    return deleteRecords(this.#instance, request);
  }

  /** `true` when the configuration was another one. `type` never changes: the caller sees to that. */
  configure(config: TopicConfig): Promise<boolean> {
    return configure(this.#instance, config);
  }

  /** `false` when it was deleted already. */
  deleteTopic(): Promise<boolean> {
    return drop(this.#instance);
  }

  get lastReadMs(): number | undefined {
    return this.#instance.lastReadMs;
  }

  touch(): void {
    this.#instance.lastReadMs = this.#instance.deps.clock.nowMs();
  }

  summary(): TopicSummary {
    const { contents, lastReadMs } = this.#instance;
    const { earliestSeq, evictFloor, count, bytes } = this.#instance.view();
    const { headSeq } = contents;
    const lastWriteTs = contents.lastWriteTs === 0 ? undefined : contents.lastWriteTs;
    return {
      headSeq,
      earliestSeq,
      nextSeq: headSeq + 1,
      evictFloor,
      count,
      bytes,
      lastWriteTs,
      lastReadTs: lastReadMs,
    };
  }

  // --- jobs, and records on their way between topics --------------------------------------------------------------

  /** Of a queue. */
  get jobs(): JobKeeper | undefined {
    return this.#instance.contents.jobs;
  }

  /** First live seq behind `seq`, 0 when there is none; expired ones may be among them. */
  nextLive(seq: number): number {
    const { retained } = this.#instance.contents;
    return retained.count === 0 ? 0 : retained.nextLive(Math.max(seq, retained.frontSeq - 1));
  }

  readSingles(seqs: readonly number[]): SingleRecord[] | Promise<SingleRecord[]> {
    return readSingles(this.#instance, seqs);
  }

  changeJobs(commit: JobsCommit): Promise<{ readonly fsyncMs: number }> {
    return changeJobs(this.#instance, commit);
  }

  /** What has been promised to other topics and is still here. */
  get pendingMoves(): readonly MoveIntent[] {
    const { moves, retained } = this.#instance.contents;
    if (retained.count === 0) return [];
    const isThere = (seq: number): boolean => retained.nextLive(seq - 1) === seq;
    return moves.pending(retained.frontSeq).flatMap(({ seqs, deliveries, ...rest }) => {
      const kept = seqs.filter(isThere);
      const counts = deliveries.filter((_, i) => isThere(seqs[i]));
      return kept.length === 0 ? [] : [{ ...rest, seqs: kept, deliveries: counts }];
    });
  }

  isMoving(seq: number): boolean {
    return this.#instance.contents.moves.has(seq);
  }

  /** Keys of records that were moved here from other topics, until they are forgotten. */
  get copyKeys(): Iterable<string> {
    return this.#instance.contents.moves.taken;
  }

  forgetCopy(key: string): void {
    this.#instance.contents.moves.forget(key);
  }

  /** Synced when it resolves; `undefined`: these are not moved after all. */
  logIntent(seqs: readonly number[], intent: MoveIntent | undefined): Promise<void> {
    return logIntent(this.#instance, { kind: "intent", seqs, intent });
  }

  get holes(): readonly Hole[] {
    return this.#instance.contents.holes.all;
  }

  /** Nobody waits longer: long polls end with `error`. */
  endWaits(error: TopicsError): void {
    this.#instance.waiters.end(error);
  }

  /** When the next record that is live for the log expires; `undefined` when none ever will. */
  nextExpiryMs(): number | undefined {
    return this.#instance.contents.nextExpiryMs();
  }

  /** Readers are being spared something that the log still has: a clock value has to be logged (1.6). */
  expiredUnlogged(nowMs: number): boolean {
    return nowMs >= (this.nextExpiryMs() ?? Infinity);
  }

  /** The log has this clock value: what expired by it goes for good. */
  expireLogged(loggedMs: number): void {
    // Staged commits have their own, earlier clock values; they take along what expired by then.
    if (this.#instance.queue.isEmpty) this.#instance.contents.expire(loggedMs);
  }

  dropExpiredKeys(nowMs: number): void {
    this.#instance.contents.dropExpiredKeys(nowMs);
  }

  replay(fields: FrameFields, payload: Uint8Array, place: LogPlace): ReplayOutcome {
    return replay(this.#instance, fields, payload, place);
  }

  /** All of the log was replayed; says why it is not the log that the topic's checkpoint belongs to. */
  concludeReplay(): string | undefined {
    return concludeResume(this.#instance);
  }

  /** Its deletion was read, ahead of what cannot be replayed yet. */
  forget(): void {
    this.#instance.mode = "gone";
    this.#instance.resume = undefined;
    this.#instance.contents.clear();
  }

  /** Another shard has it from now on; nothing was logged since it was recovered. */
  moveTo(deps: TopicDeps): void {
    this.#instance.deps = deps;
  }

  // --- routers ---------------------------------------------------------------------------------------------------

  /** As a link's destination. */
  get linkEnd(): LinkEnd {
    return new LinkEnd(this.#instance);
  }

  /** As a link's source. `floor`: what every link has; beyond it up to `maxBytes` of what leaves the topic is kept. */
  forwarding(floor: () => number, maxBytes: number): Forwarding {
    return new Forwarding(this.#instance, floor, maxBytes);
  }

  /** During recovery: how far it has come. */
  get way(): Way {
    return wayOf(this.#instance);
  }

  /** Copies have to be derived before the frame can be replayed, as far as that. */
  anchorAhead(fields: Pick<FrameFields, "op" | "anchor">): FrameAnchor | undefined {
    return anchorAhead(this.#instance, fields);
  }

  isAhead(anchor: FrameAnchor): boolean {
    return isAhead(this.#instance, anchor);
  }

  /** What the checkpoint knows of; and as far as its tail has to be derived, if at all. */
  get resuming(): Pick<Resume, "op" | "head" | "derives" | "anchor"> | undefined {
    return this.#instance.resume;
  }

  derive(copies: Copies, place: LogPlace, sourcePlace: LogPlace): void {
    derive(this.#instance, copies, place, sourcePlace);
  }

  passLost(dest: number, through: number, cause: HoleCause): void {
    passLost(this.#instance, dest, through, cause);
  }

  /** In a repair: `false` when frames are missing that the entry's link would need. */
  linkTakes(entry: Entry): boolean {
    const next = linkOf(entry);
    return next === undefined || this.#instance.contents.linkProblem(next) === undefined;
  }

  /** In a repair: what is there of its link cannot be relied on. */
  loseLink(): void {
    this.#instance.contents.loseLink();
  }

  // --- storage ---------------------------------------------------------------------------------------------------

  /** For a checkpoint. */
  capture(nowMs: number): CapturedTopic {
    return capture(this.#instance, nowMs);
  }

  /** What is not sealed yet. */
  get tail(): TailState {
    const { tail } = this.#instance.contents.retained;
    const { count, bytes, heldBytes, place } = tail;
    const needs = this.#instance.contents.needsDerivation()?.needs ?? nothing;
    return { count, bytes, heldBytes, place, needs, sinceMs: count === 0 ? Infinity : tail.frontTs };
  }

  get parts(): readonly SealedPart[] {
    return this.#instance.contents.retained.sealed.parts;
  }

  /** What is in the tail now can be sealed as far as this says, once it is synced; `undefined`: nothing can. */
  closeTail(limit: RunsLimit): ClosedTail | undefined {
    return closeTail(this.#instance, limit);
  }

  /** Writes what `closeTail` returned. */
  writeTail(closed: ClosedTail, writer: SegmentWriter): Promise<PendingPart> {
    return writeTail(this.#instance, closed, writer);
  }

  /** Writes what is live in neighbouring parts; `undefined` when the topic is gone. */
  writeParts(parts: readonly SealedPart[], writer: SegmentWriter): Promise<PendingPart | undefined> {
    return writeParts(this.#instance, parts, writer);
  }

  /** For a part of which something cannot be read; `undefined` where nothing can be done. */
  beginRescue(part: SealedPart): Promise<Rescue | undefined> {
    return Rescue.begin(this.#instance, part);
  }

  install(pending: PendingPart): Installed {
    return install(this.#instance, pending);
  }

  markCleanStop(): void {
    markCleanStop(this.#instance);
  }

  recoveryHole(powerLost: boolean): Hole | undefined {
    return recoveryHole(this.#instance, powerLost);
  }

  restoredHole(end: (knownSeq: number) => number): Hole | undefined {
    return restoredHole(this.#instance, end);
  }

  holeFrame(hole: Hole, stamp: number): { readonly fields: FrameFields; readonly payload: Buffer } {
    return holeFrame(this.#instance, hole, stamp);
  }

  deleteFrame(stamp: number): { readonly fields: FrameFields; readonly payload: Buffer } {
    return deleteFrame(this.#instance, stamp);
  }

  afterRecovery(nowMs: number): void {
    afterRecovery(this.#instance, nowMs);
  }

  /**
   * The last thing before a clean stop of an `ephemeral` topic, so that its hole at the next start ends at its head;
   * `undefined` when there is nothing to lower.
   */
  lowerCeiling(): Promise<void> | undefined {
    const { contents, ceiling, plan, mode } = this.#instance;
    const ephemeral = contents.config.durability === "ephemeral";
    return ephemeral && mode === "live" && ceiling.declared > plan.head ? lowerCeiling(this.#instance) : undefined;
  }
}

const nothing: readonly SourceNeed[] = [];

/** Every place on the way will do, and what the checkpoint holds is one. */
function anchorOf({ link, derived, state, config }: TopicSection): FrameAnchor | undefined {
  if (link === undefined) return undefined;
  return config.durability === "ephemeral" ? derived?.anchor : { source: link.cursor, dest: state.head };
}

function linkOf(entry: Entry): LinkAnchor | LinkChange | undefined {
  if (entry.kind === "records") return entry.records.anchor;
  if (entry.kind === "routerConfig") return entry.change;
  return entry.kind === "hole" && entry.through !== undefined ? { through: entry.through, counts: [] } : undefined;
}
