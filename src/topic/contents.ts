/**
 * What a topic holds as far as it is committed: everything that readers may see and that replay derives (spec 1.2–1.9).
 * A commit is applied here once, in operation order, by the same method whether it was just acked or is read from a log.
 * Each `apply` first takes what has expired at the commit's own stamp, under the configuration that was in force; that,
 * and not the moment of the call, makes replay and life agree.
 */
import { assert } from "../base/assert.ts";
import type { FrameAnchor, LogPlace } from "../wal/commit.ts";
import type { BlockPool } from "./block-pool.ts";
import type { TopicConfig } from "./config.ts";
import { Derivations, type DerivedOrigin } from "./derivations.ts";
import { Dedupe, type KeyQuota, type RememberedKey } from "./dedupe.ts";
import { removeFromTail, removeRecords, type Removed, type ResolvedDelete } from "./deletes.ts";
import type { Floors, MoveIntent, RebaseState, RecordsDelete } from "./entries.ts";
import { type Hole, Holes } from "./holes.ts";
import type { JobKeeper } from "./job-keeper.ts";
import { Moves } from "./moves.ts";
import { advancedLink, changedLink, type LinkAnchor, type LinkChange, type LinkState, sureLink } from "./link.ts";
import type { RecordsEntry } from "./records-format.ts";
import { removeSeqs, removeSeqsFromTail } from "./remove-seqs.ts";
import { bound, Retention, type View } from "./retention.ts";
import type { LoggedContents } from "./logged-contents.ts";
import { Retained } from "./retained.ts";
import type { SealedPart } from "./sealed-part.ts";
import { Watermarks } from "./watermarks.ts";

/** Live records of all topics together are counted by whoever owns the topics. */
export interface Quota extends KeyQuota {
  readonly bytes: number;
  /** `TOPICS_MAX_TOTAL_BYTES`; there is always a bound, if only in theory. */
  readonly maxBytes: number;
  addLive(records: number, bytes: number): void;
  /** Memory of unsealed tails. */
  addHeld(bytes: number): void;
}

const catchUpPauseMs = 100;

/** What a checkpoint says of a topic as the end of a link, and as the beginning of others. */
export interface RestoredLink {
  readonly link: LinkState | undefined;
  readonly anchor: FrameAnchor | undefined;
  readonly unframedSeq: number;
}

export class Contents {
  readonly retained: Retained;
  readonly watermarks = new Watermarks();
  readonly holes = new Holes();
  /** Records on their way into other topics, and out of them. */
  readonly moves = new Moves();
  /** Of a queue. */
  readonly jobs: JobKeeper | undefined;
  readonly #retention: Retention;
  readonly #quota: Quota;
  #dedupe: Dedupe | undefined;
  #config: TopicConfig;
  #headSeq = 0;
  #lastWriteTs = 0;
  #loggedSeq = 0;
  /** The head that the log leads to: records that no frame holds have no part in it. */
  #loggedHead = 0;
  #floorsUnlogged = false;
  #catchUpMs = 0;
  /** The link into the topic, when it is a router's destination. */
  #link: LinkState | undefined;
  /** The last place of the way of derived copies that is known. */
  #anchor: FrameAnchor | undefined;
  #derivations: Derivations | undefined;
  /** Records up to here are not all in frames that copies may be derived from. */
  #unframedSeq = 0;
  /** In a repair: frames that would say what the link is are missing. */
  #linkLost = false;

  constructor(
    config: TopicConfig,
    blocks: BlockPool,
    quota: Quota,
    released: (part: SealedPart) => void,
    jobs?: JobKeeper,
  ) {
    this.#config = config;
    this.jobs = jobs;
    this.#quota = quota;
    this.retained = new Retained(blocks, released);
    this.#retention = new Retention(this.retained, this.watermarks, this.holes);
  }

  get config(): TopicConfig {
    return this.#config;
  }

  get headSeq(): number {
    return this.#headSeq;
  }

  /** `$ts` of the last batch; 0 before the first. */
  get lastWriteTs(): number {
    return this.#lastWriteTs;
  }

  get link(): LinkState | undefined {
    return this.#link;
  }

  get anchor(): FrameAnchor | undefined {
    return this.#anchor;
  }

  /**
   * Up to here records were derived themselves, or kept in memory only, or are of a class that may lose them although
   * somebody has seen them: what is copied of them stands in frames.
   */
  get unframedSeq(): number {
    return this.#unframedSeq;
  }

  /** Some live record is in the log: what happens to it has to be there too. */
  get hasLogged(): boolean {
    return this.retained.count > 0 && this.retained.frontSeq <= this.#loggedSeq;
  }

  /** Records that no frame tells of have evicted some that are in the log. */
  get floorsUnlogged(): boolean {
    return this.#floorsUnlogged;
  }

  floorsLogged(): void {
    this.#floorsUnlogged = false;
  }

  get idempotencyWindowMs(): number {
    return bound(this.#config.idempotencyWindowMs) ?? 0;
  }

  /** Made with the first key. */
  get dedupe(): Dedupe {
    return (this.#dedupe ??= new Dedupe(this.#quota));
  }

  view(nowMs: number): View {
    if (this.#retention.isShort && nowMs >= this.#catchUpMs) {
      this.#catchUpMs = nowMs + catchUpPauseMs;
      this.catchUp();
    }
    return this.#retention.view(nowMs, this.#config, this.#headSeq);
  }

  nextExpiryMs(): number | undefined {
    return this.#retention.nextExpiryMs(this.#config);
  }

  /** Takes what the caps want and a disk that failed for a moment did not let them have. */
  catchUp(): void {
    const floor = this.watermarks.evictFloor;
    this.#account(() => this.#retention.enforceCaps(this.#config));
    if (this.#config.durability === "ephemeral") this.#noteFloors(floor);
  }

  expire(nowMs: number): void {
    this.#account(() => this.#retention.expire(nowMs, this.#config));
  }

  dropExpiredKeys(nowMs: number): void {
    this.#dedupe?.dropExpired(nowMs, this.idempotencyWindowMs);
  }

  /** A batch; `place` when a frame holds it, at or behind there. */
  applyRecords(stampMs: number, firstSeq: number, entry: RecordsEntry, place: LogPlace | undefined): void {
    const logged = place !== undefined;
    assert(
      entry.retained ? firstSeq > this.#headSeq : firstSeq === this.#headSeq + 1,
      "a batch begins behind the head",
    );
    assert(entry.ts >= this.#lastWriteTs || entry.retained, "$ts never decreases");
    const floor = this.watermarks.evictFloor;
    this.#apply(stampMs, () => {
      this.retained.append(firstSeq, entry, place);
      this.#headSeq = firstSeq + entry.seqDelta(entry.count - 1);
      // Retained records are old: those that expired by the time of their frame are gone.
      if (entry.retained) this.#retention.expire(stampMs, this.#config);
      else this.#lastWriteTs = entry.lastTs;
      if (entry.anchor !== undefined) this.moveLink(entry.anchor);
      if (logged) this.#loggedSeq = this.#loggedHead = this.#headSeq;
      if (!logged || entry.retained || this.#config.durability === "memory") this.#unframedSeq = this.#headSeq;
      if (entry.key !== undefined && entry.isMoved) this.moves.took(entry.key);
      else if (entry.key !== undefined) this.#remember(stampMs, entry.key, firstSeq, entry.ts);
      if (entry.hasDue) this.#delay(firstSeq, entry);
    });
    if (!logged) this.#noteFloors(floor);
  }

  /** Copies that no frame of the topic holds. */
  applyDerived(stampMs: number, firstSeq: number, entry: RecordsEntry, origin: DerivedOrigin): void {
    const point = { link: this.#link!, head: firstSeq - 1, lastTs: this.#lastWriteTs };
    this.derivations.trim(this.#tailFrom);
    this.applyRecords(stampMs, firstSeq, entry, origin.place);
    this.derivations.add(point, origin, this.#headSeq);
    this.#unframedSeq = this.#headSeq;
    this.#reachAnchor();
  }

  /** Source records of which nothing is copied. */
  applyDerivedMove(through: number): void {
    this.moveLink({ through, counts: [] });
    this.#reachAnchor();
  }

  #reachAnchor(): void {
    this.#anchor = { source: this.#link!.cursor, dest: this.#headSeq };
  }

  get #tailFrom(): number {
    const { tail } = this.retained;
    return tail.count > 0 ? tail.frontSeq : this.#headSeq + 1;
  }

  /** Copies that no frame of the topic holds; made with the first. */
  get derivations(): Derivations {
    return (this.#derivations ??= new Derivations());
  }

  /** What is not sealed, and cannot be found in the topic's own frames; `undefined`: there never was any. */
  needsDerivation(): Derivations | undefined {
    this.#derivations?.trim(this.#tailFrom);
    return this.#derivations;
  }

  #noteFloors(before: number): void {
    if (before <= this.#loggedSeq && this.watermarks.evictFloor > before) this.#floorsUnlogged = true;
  }

  /** What came through the link as far as this is here, or was announced as lost. */
  moveLink(anchor: LinkAnchor): void {
    if (this.#linkLost) return;
    this.#link = sureLink(advancedLink(this.#link, anchor));
  }

  applyLink(stampMs: number, change: LinkChange): void {
    this.applyNothing(stampMs);
    if (this.#linkLost && "remove" in change) return;
    this.#link = sureLink(changedLink(this.#link, change));
    if (this.#link === undefined) this.#anchor = undefined;
    this.#linkLost = false;
  }

  /** Why there can be no such change, or copies that go so far; `undefined` when there can. */
  linkProblem(next: LinkAnchor | LinkChange): string | undefined {
    if (this.#linkLost) return undefined;
    const outcome = "through" in next ? advancedLink(this.#link, next) : changedLink(this.#link, next);
    return typeof outcome === "string" ? outcome : undefined;
  }

  loseLink(): void {
    this.#link = undefined;
    this.#linkLost = true;
  }

  /** How many records it took; `resolved` says which sealed ones match. */
  applyDelete(stampMs: number, what: RecordsDelete, resolved: ResolvedDelete): number {
    return this.#apply(stampMs, () => removeRecords(this.retained, what, resolved, this.#removed()));
  }

  /** Single records, which ascend; how many of them were there. */
  applyRemoval(stampMs: number, seqs: readonly number[], resolved: ResolvedDelete): number {
    return this.#apply(stampMs, () => removeSeqs(this.retained, seqs, resolved, this.#removed()));
  }

  applyIntent(stampMs: number, seqs: readonly number[], intent: MoveIntent | undefined): void {
    this.#apply(stampMs, () => {
      if (intent === undefined) this.moves.end(seqs);
      else this.moves.begin(intent);
    });
  }

  applyConfig(stampMs: number, config: TopicConfig): void {
    this.#apply(stampMs, () => {
      // A key that was forgotten once stays so under a wider window.
      this.dropExpiredKeys(stampMs);
      this.#config = config;
      this.dropExpiredKeys(stampMs);
      this.#retention.expire(stampMs, config);
    });
  }

  /** How far an `ephemeral` topic will have evicted when these caps hold. */
  floorsUnder(config: TopicConfig): Floors {
    return { capFloor: this.#retention.capFloorUnder(config), ttlFloor: this.watermarks.ttlFloor };
  }

  /** `through`: the source's record that it stands for; `logged`: a frame tells of it. */
  applyHole(stampMs: number, hole: Hole, through?: number, logged = true): void {
    assert(hole.from === this.#headSeq + 1, "a hole begins behind the head");
    this.#apply(stampMs, () => {
      if (through !== undefined) this.moveLink({ through, counts: [] });
      this.holes.add(hole);
      this.#headSeq = hole.to;
      if (logged) this.#loggedHead = hole.to;
    });
  }

  /** What an `ephemeral` topic had evicted by then; as far as the log goes, the rest of it is lost anyway. */
  applyFloors(stampMs: number, { capFloor, ttlFloor }: Floors): void {
    const next = this.#headSeq + 1;
    this.#apply(stampMs, () => this.#raiseFloors(Math.min(capFloor, next), Math.min(ttlFloor, next)));
  }

  /** The frame itself takes nothing along: only its clock value counts. */
  applyNothing(stampMs: number): void {
    this.#apply(stampMs, () => undefined);
  }

  get state(): RebaseState {
    const { capFloor, ttlFloor, silent } = this.watermarks;
    const [head, lastWriteTs, holes] = [this.#headSeq, this.#lastWriteTs, this.holes.all];
    return { head, lastWriteTs, capFloor, ttlFloor, silent: silent.ranges, holes, through: this.#link?.cursor };
  }

  /** What the log leads to, for a checkpoint. */
  logged(): LoggedContents {
    const { retained, state } = this;
    const head = this.#loggedHead;
    const front = retained.sealed.count > 0 ? { seq: retained.frontSeq, ts: retained.frontTs } : { seq: 0, ts: 0 };
    const sealed = { sealedThrough: retained.sealedThrough, front, loggedSeq: this.#loggedSeq };
    const from = retained.tail.count > 0 ? retained.tail.frontSeq : this.#headSeq + 1;
    const keys = (this.#dedupe?.remembered() ?? []).filter(({ lastSeq }) => lastSeq <= head);
    if (this.#config.durability !== "ephemeral")
      return { state, tail: { count: retained.tail.count, bytes: retained.tail.bytes, from }, keys, ...sealed };
    const { count, bytes } = retained.tail.measureFront({ through: this.#loggedSeq, count: 0, bytes: 0 });
    const floors = { capFloor: Math.min(state.capFloor, head + 1), ttlFloor: Math.min(state.ttlFloor, head + 1) };
    const floor = Math.max(floors.capFloor, floors.ttlFloor);
    const silent = state.silent.filter((_, i) => state.silent[i | 1] < floor);
    const holes = state.holes
      .filter(({ from }) => from <= head)
      .map((hole) => ({ ...hole, to: Math.min(hole.to, head) }));
    return { state: { ...state, ...floors, head, silent, holes }, tail: { count, bytes, from }, keys, ...sealed };
  }

  /** As a checkpoint says; the tail is still to come (resume.ts). */
  restore(section: LoggedContents, parts: readonly SealedPart[], linked: RestoredLink): void {
    const { state, keys, front, sealedThrough, loggedSeq } = section;
    const { link, anchor, unframedSeq } = linked;
    this.#link = link;
    this.#anchor = anchor;
    this.#unframedSeq = unframedSeq;
    this.#account(() => {
      this.watermarks.reset(state.capFloor, state.ttlFloor);
      this.#rebase(state);
      this.#loggedSeq = loggedSeq;
      this.retained.restore(parts, front, sealedThrough);
    });
    for (const { key, ...append } of keys) this.dedupe.remember(key, append);
  }

  /** Records of the tail, found again: whatever happened to them since is known already. */
  resumeRecords(firstSeq: number, entry: RecordsEntry, place: LogPlace, start: number): void {
    this.#account(() => this.retained.append(firstSeq, entry, place, start));
  }

  resumeRemoval(seqs: readonly number[]): void {
    this.#account(() => removeSeqsFromTail(this.retained.tail, seqs));
  }

  resumeDelete({ match, beforeSeq, bound: upTo }: RecordsDelete): void {
    const through = Math.min(upTo, (beforeSeq ?? Infinity) - 1);
    this.#account(() => removeFromTail(this.retained.tail, match!, through));
  }

  /** Begins anew with what an `ephemeral` topic was; its retained records follow. */
  beginRebase(stampMs: number, state: RebaseState): void {
    this.#apply(stampMs, () => {
      this.retained.clear();
      this.framed();
      // What an older part of the log led to is not what happened: these are the floors.
      this.watermarks.reset(state.capFloor, state.ttlFloor);
      this.#rebase(state);
    });
  }

  /** What was retained is there; the state is of the moment before the step's own stamp. */
  endRebase(stampMs: number, state: RebaseState): void {
    assert(state.head >= this.#headSeq, "a rebase ends at its head");
    this.#account(() => {
      const { through } = state;
      if (through !== undefined && through > (this.#link?.cursor ?? through)) this.moveLink({ through, counts: [] });
      // Retention went on while the steps were logged.
      this.#raiseFloors(state.capFloor, state.ttlFloor);
      this.#rebase(state);
    });
    this.applyNothing(stampMs);
  }

  adoptKeys(stampMs: number, keys: readonly RememberedKey[]): void {
    this.#apply(stampMs, () => {
      for (const { key, ...append } of keys) this.dedupe.remember(key, append);
    });
  }

  /** Everything in the tail stands in frames now. */
  framed(): void {
    this.#derivations?.clear();
  }

  /** Records move from the tail into a part, or parts become one: nothing that anybody sees. */
  rearrange(change: () => void): void {
    this.#account(change);
  }

  /** The topic is gone. */
  clear(): void {
    this.#account(() => this.retained.clear());
    this.#dedupe?.clear();
    this.jobs?.clear();
    this.moves.clear();
    this.framed();
    this.#link = undefined;
  }

  /** Made when it is needed: there are many topics, and few deletes at once. */
  #removed(): Removed {
    return (seqs) => {
      this.jobs?.removed(seqs);
      this.moves.end(seqs);
    };
  }

  #apply<T>(stampMs: number, change: () => T): T {
    return this.#account(() => {
      this.#retention.expire(stampMs, this.#config);
      const result = change();
      this.#retention.enforceCaps(this.#config);
      this.#retention.changed();
      assert(this.watermarks.evictFloor <= this.#headSeq + 1, "the floor is not above the head");
      return result;
    });
  }

  #raiseFloors(capFloor: number, ttlFloor: number): void {
    this.watermarks.raise(capFloor, ttlFloor);
    const { evictFloor } = this.watermarks;
    this.retained.cutFront(this.retained.measureFront({ through: evictFloor - 1, count: 0, bytes: 0 }));
    this.holes.passed(evictFloor);
  }

  #rebase(state: RebaseState): void {
    this.#headSeq = this.#loggedSeq = this.#loggedHead = state.head;
    this.#lastWriteTs = state.lastWriteTs;
    this.holes.reset(state.holes);
    this.watermarks.silent.reset(state.silent);
  }

  #account<T>(change: () => T): T {
    const { count, bytes } = this.retained;
    const held = this.retained.tail.heldBytes;
    const result = change();
    const { retained } = this;
    if (retained.count !== count || retained.bytes !== bytes)
      this.#quota.addLive(retained.count - count, retained.bytes - bytes);
    if (retained.tail.heldBytes !== held) this.#quota.addHeld(retained.tail.heldBytes - held);
    return result;
  }

  #delay(firstSeq: number, entry: RecordsEntry): void {
    for (let i = 0; i < entry.count; i++) {
      const dueMs = entry.dueMs(i);
      if (dueMs > 0) this.jobs?.written(firstSeq + i, dueMs);
    }
  }

  #remember(stampMs: number, key: string, firstSeq: number, ts: number): void {
    this.dedupe.remember(key, { firstSeq, lastSeq: this.#headSeq, ts });
    this.dedupe.dropExpired(stampMs, this.idempotencyWindowMs);
  }
}
