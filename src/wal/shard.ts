/**
 * One ordered writer of the WAL (spec 6.2): a bounded queue, group commit, one sync in flight.
 *
 * While one write is in flight, everything that arrives forms the next group. Writes go on while a sync is in flight. No
 * timer delays a commit.
 *
 * Modes: `open` → `switching` (a new file begins: rotation, or a file given up) → `open`;
 * `open` | `switching` → `latched` (read-only until restart, 6.6); `open` | `latched` → `closed`.
 */
import { assert } from "../base/assert.ts";
import { TopicsError } from "../base/errors.ts";
import { Fifo } from "../base/fifo.ts";
import { errnoOf, type TimerHandle } from "../env/env.ts";
import { type Commit, type CommitLog, type Draft, type FrameFields, frameKind, type LogPlace } from "./commit.ts";
import { hungSyncMs, spaceRetryMs, unsyncedLimitMs } from "./config.ts";
import { DraftArena } from "./draft-arena.ts";
import { busy, isSpace, outOfSpace, readOnly, unavailable, unknownOutcome } from "./failure.ts";
import { firstFrameAt } from "./file-header.ts";
import { type Entry, entryOf, type Fault, FileWriter } from "./file-writer.ts";
import { frameBytes, FrameDraft } from "./frame.ts";
import type { ShardDeps } from "./shard-deps.ts";
import { Space } from "./space.ts";
import { succeed, withFiles } from "./successor.ts";
import type { WalFile } from "./wal-file.ts";

type Mode = "open" | "switching" | "latched" | "closed";

export interface Room {
  /** May use the spare when the disk is full. */
  readonly reserve: boolean;
  /** Waits where others are told to come back later. */
  readonly patient: boolean;
}

export class Shard implements CommitLog {
  readonly #deps: ShardDeps;
  readonly #arena: DraftArena;
  readonly #space: Space;
  readonly #writer: FileWriter;
  readonly #queue = new Fifo<Entry>();
  #mode: Mode = "open";
  #queuedBytes = 0;
  #pumpPlanned = false;
  /** Somebody waits for a sync of everything up to here, or of everything queued as well. */
  #syncWanted = firstFrameAt;
  #syncAfterQueue = false;
  #timer: TimerHandle | undefined;
  #roomWanted = 0;
  /** A new file cannot be named for want of space. */
  #stuck = false;
  #waiters: (() => void)[] = [];

  constructor(deps: ShardDeps, file: WalFile) {
    this.#deps = deps;
    this.#arena = new DraftArena(deps.lineage.shards);
    this.#writer = new FileWriter(deps, file);
    this.#space = new Space({
      env: deps.env,
      directory: deps.directory,
      shard: deps.lineage.shard,
      config: deps.config,
      events: deps.events,
      nextIndex: () => deps.nextIndex(),
      zeroed: () => this.#startSync(),
      changed: () => this.#tend(),
    });
  }

  get number(): number {
    return this.#deps.lineage.shard;
  }

  get latched(): boolean {
    return this.#mode === "latched";
  }

  /** Before the first commit: the spare that a rescue needs. */
  async prepare(): Promise<void> {
    await this.#space.prepareFirstSpare();
    this.#tend();
  }

  draft(fields: FrameFields, payloadBytes: number): Draft {
    return this.#arena.draft(fields, payloadBytes);
  }

  submit(commit: Commit): void {
    const { draft } = commit;
    assert(draft instanceof FrameDraft, "drafts come from the shard they are submitted to");
    this.#enqueue(entryOf(draft, commit));
    this.#planPump();
  }

  requestSync(): void {
    this.#syncAfterQueue = true;
    this.#planPump();
  }

  /**
   * The end of what is sealed for the active file. Whatever is submitted later is sealed later: in this file behind that
   * end, or in a later one, whose index is greater, because spares are used in the order they got theirs. That holds when
   * the file is left early, too. What is carried over then lies in the later file as well; and the end that its header
   * declares is a synced one, so at or before this place, which then means the later file's first frame.
   */
  place(): LogPlace {
    return { index: this.#file.index, position: this.#file.writtenEnd };
  }

  admit(bytes: number, room: Room): Promise<void> | undefined {
    if (this.#mode === "latched") throw unavailable(this.number, readOnly);
    if (this.#mode === "closed") throw new TopicsError("shutting_down", "the server is stopping");
    const need = frameBytes(this.#deps.lineage.shards, bytes);
    if (this.#queuedBytes > 0 && this.#queuedBytes + need > this.#deps.config.queueBytes)
      return this.#wait(room.patient, "its queue is full");
    if (this.#writer.syncingForMs > hungSyncMs) return this.#wait(room.patient, "a sync has not come back");
    if (this.#stuck && !room.reserve) throw unavailable(this.number, outOfSpace);
    if (this.#mode === "switching") return this.#wait(true, "");
    if (this.#aheadOfDisk) {
      this.#startSync();
      return this.#wait(true, "");
    }
    // Without a spare there is nothing to rescue into: it is refilled before anything else is taken.
    const hasRoom = this.#file.room - this.#queuedBytes >= need;
    if (hasRoom && (room.reserve || this.#space.spares > 0)) return undefined;
    this.#roomWanted = Math.max(this.#roomWanted, need);
    this.#makeRoom(room.reserve);
    if (this.#mode === "open" && this.#space.short && !this.#mayRotate(room.reserve))
      throw unavailable(this.number, outOfSpace);
    return this.#wait(true, "");
  }

  /** Logs a clock value although nothing else happens (1.6); `false` when that can't be had now. */
  logTime(stamp: number): Promise<boolean> {
    const draft = this.#ownFrame(frameKind.mark, stamp);
    if (this.#mode !== "open" || this.#file.room - this.#queuedBytes < draft.bytes.length)
      return Promise.resolve(false);
    return new Promise((resolve) => {
      this.submit({
        draft,
        wants: "written",
        reserve: true,
        acked: false,
        written: () => resolve(true),
        synced: () => undefined,
        failed: () => resolve(false),
      });
    });
  }

  /** Everything submitted is synced, then the clean stop's final frame is. A latched shard has none. */
  async close(stamp: number): Promise<void> {
    while (this.#mode === "switching" || (this.#mode === "open" && !this.#settled)) {
      this.requestSync();
      await this.#wait(true, "");
    }
    if (this.#mode === "open") await this.#writeFinal(stamp);
    this.#mode = "closed";
    this.#clearTimer();
    this.#wake();
    await this.#space.close();
    await this.#writer.settled();
    await this.#file.file.close();
  }

  /** Gives up what is queued, at the end of a drain budget: nothing acked is lost, nothing else is acked. */
  abort(): void {
    this.#mode = "closed";
    this.#clearTimer();
    this.#refuseQueue(unknownOutcome(this.number));
    this.#wake();
  }

  get #file(): WalFile {
    return this.#writer.file;
  }

  get #idle(): boolean {
    return this.#queue.length === 0 && !this.#writer.writing;
  }

  get #settled(): boolean {
    return this.#idle && !this.#writer.syncing && this.#file.unsyncedBytes === 0;
  }

  // --- admission -------------------------------------------------------------------------------------------------

  /** The bound on what a crash of the machine may take, on a stalling disk too (6.1). */
  get #aheadOfDisk(): boolean {
    if (this.#file.unsyncedBytes === 0) return false;
    const spare = this.#space.spares > 0;
    if (spare && this.#file.unsyncedBytes + this.#queuedBytes > this.#space.rescueBytes) return true;
    return this.#writer.unsyncedForMs > unsyncedLimitMs(this.#deps.config);
  }

  #wait(patient: boolean, why: string): Promise<void> {
    if (!patient) throw busy(this.number, why);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  // --- room ------------------------------------------------------------------------------------------------------

  /** Something changed: see to room and to what waits for it. */
  #tend(): void {
    if (this.#mode === "open") {
      if (this.#file.room >= this.#roomWanted) this.#roomWanted = 0;
      this.#space.tend(this.#file, this.#roomWanted);
      if (this.#roomWanted > 0) this.#makeRoom(false);
      else if (this.#queue.length > 0) this.#planPump();
    }
    this.#wake();
  }

  /** Appends leave the last spare alone: it is for the rescue, and for deletes on a full disk (6.6). */
  #mayRotate(reserve: boolean): boolean {
    return this.#space.spares >= (reserve && this.#space.short ? 1 : 2);
  }

  /** The active file has no room for what waits: it is extended, or the next one begins. */
  #makeRoom(reserve: boolean): void {
    if (this.#writer.writing) return;
    const alone = this.#file.writtenEnd === firstFrameAt;
    const mayExtend = alone || this.#file.writtenEnd + this.#roomWanted <= this.#deps.config.fileBytes;
    if ((mayExtend && !this.#space.short) || !this.#mayRotate(reserve)) this.#space.tend(this.#file, this.#roomWanted);
    else this.#follow(this.#rotate());
  }

  async #rotate(): Promise<void> {
    this.#leaveOpen();
    const fault = await this.#writer.sync();
    if (fault) return this.#giveUp(fault.error, true);
    try {
      await this.#switchTo([]);
    } catch (error) {
      return this.#latch(error, false);
    }
    this.#deps.events({ type: "wal-rotated", shard: this.number, index: this.#file.index });
    this.#reopen();
  }

  /** Everything that has to do with the file that is left is settled; `carried` goes ahead of its successor's header. */
  async #switchTo(carried: readonly FrameDraft[]): Promise<void> {
    const { env, lineage, places } = this.#deps;
    const previous = this.#file;
    const next = this.#space.takeSpare();
    if (!next) throw unavailable(this.number, "has no spare file");
    await succeed(env, next, {
      lineage,
      predecessor: { index: previous.index, end: previous.syncedEnd, hash: previous.syncedHash },
      stamp: this.#deps.nextStamp(),
      synced: places.all,
      carried: carried.length > 0 ? [carried] : [],
      carriedBytes: carried.reduce((sum, draft) => sum + draft.bytes.length, 0),
    });
    this.#writer.switchTo(next);
    this.#syncWanted = firstFrameAt;
    places.learn(this.number, { index: next.index, position: next.syncedEnd });
    await this.#nameFile(next);
    await previous.file.close();
  }

  /** The file is part of the log, but takes nothing new before the manifest names it: on a full disk that may take a while. */
  async #nameFile({ index }: WalFile): Promise<void> {
    for (;;) {
      try {
        await this.#deps.manifest.update((named) => withFiles(named, [{ shard: this.number, index }]));
        this.#stuck = false;
        return;
      } catch (error) {
        if (!isSpace(error)) throw error;
        this.#stuck = true;
        this.#wake();
        await new Promise<void>((resolve) => this.#deps.env.timers.after(spaceRetryMs, resolve));
      }
    }
  }

  #leaveOpen(): void {
    assert(this.#mode === "open", "a file is left once");
    this.#mode = "switching";
    this.#clearTimer();
  }

  #reopen(): void {
    this.#mode = "open";
    this.#planPump();
    this.#tend();
  }

  // --- writing ---------------------------------------------------------------------------------------------------

  #enqueue(entry: Entry): void {
    this.#queue.push(entry);
    this.#queuedBytes += entry.draft.bytes.length;
  }

  #planPump(): void {
    if (this.#pumpPlanned) return;
    this.#pumpPlanned = true;
    this.#deps.env.timers.soon(() => {
      this.#pumpPlanned = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#mode === "latched") return this.#refuseQueue(unavailable(this.number, readOnly));
    if (this.#mode === "closed") return this.#refuseQueue(new TopicsError("shutting_down", "the server is stopping"));
    if (this.#mode === "switching" || this.#writer.writing) return;
    const next = this.#queue.peek();
    if (!next) return this.#syncQueued();
    const group = this.#writer.take(this.#queue);
    if (group.length > 0) return this.#writeGroup(group);
    this.#roomWanted = Math.max(this.#roomWanted, next.draft.bytes.length);
    this.#makeRoom(next.commit?.reserve ?? false);
  }

  #syncQueued(): void {
    if (!this.#syncAfterQueue) return;
    this.#syncAfterQueue = false;
    this.#wantSync(this.#file.writtenEnd);
    // A sync in flight wakes when it is back: asking again before that would go round and round.
    if (this.#settled) this.#wake();
  }

  #writeGroup(group: readonly Entry[]): void {
    for (const entry of group) this.#queuedBytes -= entry.draft.bytes.length;
    this.#writer.write(group, (fault) => {
      if (this.#mode !== "open") return;
      if (fault) this.#follow(this.#giveUp(fault.error, !isSpace(fault.error)));
      else this.#wrote(group);
    });
  }

  #wrote(group: readonly Entry[]): void {
    const bytes = group.at(-1)!.end - group[0].end + group[0].draft.bytes.length;
    this.#deps.events({ type: "wal-written", shard: this.number, frames: group.length, bytes });
    const wanted = group.findLast((entry) => entry.commit?.wants === "synced");
    if (wanted) this.#wantSync(wanted.end);
    else if (this.#file.unsyncedBytes > this.#space.rescueBytes / 2) this.#startSync();
    else this.#armTimer();
    for (const entry of group) entry.commit?.written();
    this.#tend();
    if (this.#syncAfterQueue) this.#planPump();
  }

  // --- syncing ---------------------------------------------------------------------------------------------------

  #wantSync(end: number): void {
    this.#syncWanted = Math.max(this.#syncWanted, end);
    this.#startSync();
  }

  #startSync(): void {
    if (this.#writer.syncing || this.#mode !== "open" || !this.#writer.wantsSync) return;
    this.#clearTimer();
    this.#follow(this.#writer.sync().then((fault) => this.#afterSync(fault)));
  }

  async #afterSync(fault: Fault | undefined): Promise<void> {
    // Whoever is switching files awaits the same sync and sees to its fault.
    if (this.#mode !== "open") return;
    if (fault) return this.#giveUp(fault.error, true);
    const unprepared = this.#file.zeroedBytes > this.#file.preparedBytes;
    if (this.#syncWanted > this.#file.syncedEnd || unprepared) this.#startSync();
    else this.#armTimer();
    this.#tend();
  }

  /** Un-synced bytes are synced, and an idle shard is marked, within `diskSyncMs`. */
  #armTimer(): void {
    if (this.#timer || this.#mode !== "open") return;
    const unsynced = this.#file.unsyncedBytes > 0;
    if (!unsynced && !this.#wantsMark) return;
    const { diskSyncMs } = this.#deps.config;
    this.#timer = this.#deps.env.timers.after(unsynced ? diskSyncMs : diskSyncMs / 2, () => {
      this.#timer = undefined;
      if (this.#file.unsyncedBytes > 0) this.#startSync();
      else if (this.#wantsMark && this.#idle) this.#writeMark();
    });
  }

  #clearTimer(): void {
    if (this.#timer) this.#deps.env.timers.clear(this.#timer);
    this.#timer = undefined;
  }

  get #wantsMark(): boolean {
    const { lastKind } = this.#writer;
    return lastKind !== undefined && lastKind !== frameKind.mark && this.#mode === "open";
  }

  /** Says that everything before it is synced: evidence for the next start (6.2). Nobody waits for it. */
  #writeMark(): void {
    const draft = this.#ownFrame(frameKind.mark, this.#deps.nextStamp());
    if (this.#file.room < draft.bytes.length) return;
    this.#enqueue(entryOf(draft, undefined));
    this.#deps.events({ type: "wal-marked", shard: this.number });
    this.#syncAfterQueue = true;
    this.#pump();
  }

  async #writeFinal(stamp: number): Promise<void> {
    const draft = this.#ownFrame(frameKind.final, stamp);
    if (this.#file.room < draft.bytes.length) return;
    this.#leaveOpen();
    const final = new Fifo<Entry>();
    final.push(entryOf(draft, undefined));
    const group = this.#writer.take(final);
    const fault = await new Promise<Fault | undefined>((resolve) => this.#writer.write(group, resolve));
    const failed = fault ?? (await this.#writer.sync());
    if (failed) throw failed.error;
  }

  #ownFrame(kind: number, stamp: number): FrameDraft {
    const fields = { kind, topicId: 0, epoch: 0, op: 0, stamp, firstSeq: 0, count: 0, ceiling: 0 };
    return this.#arena.draft(fields, 0);
  }

  // --- faults ----------------------------------------------------------------------------------------------------

  /**
   * A write or a sync failed: this file is left, and nothing in it is tried again. What was acked is carried over into
   * the spare; the rest is refused once the spare's header, which ends this file at its synced end, is synced.
   */
  async #giveUp(error: unknown, latch: boolean): Promise<void> {
    if (this.#mode === "open") this.#leaveOpen();
    if (latch) await this.#deps.noteLatch(this.number);
    const syncFault = await this.#writer.settled();
    if (syncFault && !latch) return this.#giveUp(syncFault.error, true);
    const entries = [...this.#writer.drain(), ...this.#queue.drain()];
    this.#queuedBytes = 0;
    const kept = entries.filter((entry) => entry.commit?.acked);
    const refused = entries.filter((entry) => entry.commit && !entry.commit.acked);
    try {
      await this.#switchTo(kept.map((entry) => entry.draft));
    } catch (second) {
      for (const entry of refused) entry.commit!.failed(unknownOutcome(this.number));
      return this.#latch(second, false);
    }
    for (const entry of kept) entry.commit!.synced();
    const refusal = unavailable(this.number, isSpace(error) ? outOfSpace : readOnly);
    for (const entry of refused) entry.commit!.failed(refusal);
    if (latch) return this.#latch(error, true);
    this.#deps.events({ type: "wal-abandoned", shard: this.number, errno: errnoOf(error) });
    this.#reopen();
  }

  async #latch(error: unknown, rescued: boolean): Promise<void> {
    if (!rescued) await this.#deps.noteLatch(this.number);
    this.#mode = "latched";
    this.#deps.events({ type: "wal-latched", shard: this.number, errno: errnoOf(error), rescued });
    this.#refuseQueue(unavailable(this.number, readOnly));
    this.#wake();
  }

  #refuseQueue(error: TopicsError): void {
    this.#queuedBytes = 0;
    for (const { commit } of this.#queue.drain()) if (commit && !commit.acked) commit.failed(error);
  }

  /** Work that nobody awaits; when it is done, whoever waits looks again. */
  #follow(work: Promise<void>): void {
    work.then(
      () => this.#wake(),
      (error: unknown) => this.#deps.crash(error),
    );
  }
}
