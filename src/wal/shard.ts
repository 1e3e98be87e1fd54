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
import { errnoOf } from "../env/env.ts";
import { Barriers } from "./barriers.ts";
import { type Commit, type CommitLog, type Draft, type FrameFields, frameKind, type LogPlace } from "./commit.ts";
import { hungMs } from "./config.ts";
import { DraftArena } from "./draft-arena.ts";
import { busy, isSpace, outOfSpace, readOnly, unavailable, unknownOutcome } from "./failure.ts";
import { firstFrameAt } from "./file-header.ts";
import { FileRoom } from "./file-room.ts";
import { FileSwitch } from "./file-switch.ts";
import { type Fault, FileWriter } from "./file-writer.ts";
import { frameBytes, FrameDraft } from "./frame.ts";
import { type Entry, entryOf, FrameQueue } from "./frame-queue.ts";
import { LeftFrames } from "./left-frames.ts";
import { type LeftFile, LogFiles } from "./log-files.ts";
import { Marks } from "./marks.ts";
import { anchorCommit, type AnchorNews, ownFrame, timeCommit } from "./own-frames.ts";
import type { ShardDeps } from "./shard-deps.ts";
import { Space } from "./space.ts";
import { Syncs } from "./syncs.ts";
import { Waiters } from "./waiters.ts";
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
  readonly #room: FileRoom;
  readonly #writer: FileWriter;
  readonly #files: LogFiles;
  readonly #switch: FileSwitch;
  readonly #marks: Marks;
  readonly #syncs: Syncs;
  readonly #barriers: Barriers;
  readonly #queue = new FrameQueue();
  readonly #waiters = new Waiters();
  #mode: Mode = "open";
  /** When the file that is being switched to was first wanted. */
  #switchingSinceMs = 0;
  #pumpPlanned = false;
  #loggedBytes = 0;
  #full = 0;
  /** Where the clean stop's final frame goes. */
  #stoppedAt: LogPlace | undefined;

  /** `left` are the shard's earlier files, oldest first. */
  constructor(deps: ShardDeps, file: WalFile, left: readonly LeftFile[]) {
    this.#deps = deps;
    this.#arena = new DraftArena(deps.lineage.shards);
    this.#writer = new FileWriter(deps, file, (frames) => this.#barriers.synced(frames));
    this.#barriers = new Barriers({ timers: deps.env.timers, hangsInMs: () => this.#hangsInMs });
    this.#files = new LogFiles(left);
    this.#space = new Space({
      env: deps.env,
      directory: deps.directory,
      shard: deps.lineage.shard,
      config: deps.config,
      events: deps.events,
      room: deps.room,
      nextIndex: () => deps.nextIndex(),
      zeroed: () => this.#syncs.start(),
      changed: () => this.#tend(),
    });
    const parts = { config: deps.config, writer: this.#writer, space: this.#space, queue: this.#queue };
    this.#room = new FileRoom(parts);
    this.#switch = new FileSwitch(deps, { ...parts, files: this.#files, stuck: () => this.#waiters.wake() });
    this.#marks = new Marks({
      timers: deps.env.timers,
      diskSyncMs: deps.config.diskSyncMs,
      unsynced: () => this.#file.unsyncedBytes > 0,
      unmarked: () => this.#wantsMark,
      sync: () => this.#syncs.start(),
      mark: () => this.#writeMark(),
    });
    this.#syncs = new Syncs({
      writer: this.#writer,
      marks: this.#marks,
      isOpen: () => this.#mode === "open",
      follow: (work) => this.#follow(work),
      failed: (fault) => this.#giveUp(fault.error, true),
      done: () => this.#tend(),
    });
  }

  get number(): number {
    return this.#deps.lineage.shard;
  }

  get latched(): boolean {
    return this.#mode === "latched";
  }

  /** What it waits for has not come back for so long that nobody should wait for it (6.4, 6.6). */
  get hung(): boolean {
    return this.#hangsInMs === 0;
  }

  get #hangsInMs(): number {
    // One that waits for space and has nothing queued does not hang: a checkpoint of it is what may give space back.
    const waitsForSpace = this.#switch.stuck && this.#queue.length === 0;
    const isSwitching = this.#mode === "switching" && !waitsForSpace;
    const switchingMs = isSwitching ? this.#nowMs() - this.#switchingSinceMs : 0;
    return Math.max(0, hungMs - Math.max(this.#writer.busyForMs, switchingMs));
  }

  /** Frames that wait, the most that ever did, and how often one found no room. */
  get load(): { readonly queued: number; readonly peak: number; readonly full: number } {
    return { queued: this.#queue.length, peak: this.#queue.peak, full: this.#full };
  }

  /** Bytes of the frames submitted since the start; marks are nothing that a checkpoint would be for. */
  get loggedBytes(): number {
    return this.#loggedBytes;
  }

  /** Its earlier files that are still in the directory. */
  get files(): LogFiles {
    return this.#files;
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
    this.#queue.push(entryOf(draft, commit));
    this.#barriers.submitted();
    if (draft.fields.kind !== frameKind.mark) this.#loggedBytes += draft.bytes.length;
    this.#planPump();
  }

  requestSync(): void {
    this.#syncs.ask(this.#queue);
    this.#planPump();
  }

  /**
   * `true` once everything submitted by now is synced, in this file or carried over into another one; `false` as soon as
   * some of it is refused, or the shard is read-only, closed or hung.
   */
  synced(): Promise<boolean> {
    const synced = this.#barriers.wait();
    if (this.#mode === "open" || this.#mode === "switching") this.requestSync();
    return synced;
  }

  /** How much a replay from `place` reads, of what is written by now. */
  bytesSince(place: LogPlace): number {
    return this.#files.bytesBetween(place, { index: this.#file.index, position: this.#file.writtenEnd });
  }

  /**
   * Begins a new file, from the reserve if need be, so that the one before can be retired (6.6). `false` when there is no
   * space for one, or the shard takes nothing any more; `true` also when there is nothing in the file to leave behind.
   */
  async rotate(): Promise<boolean> {
    const { index } = this.#file;
    while (this.#file.index === index || this.#mode === "switching") {
      if (this.#mode === "latched" || this.#mode === "closed") return false;
      if (this.#mode === "open" && !this.#writer.writing) {
        if (this.#file.writtenEnd === firstFrameAt) return true;
        if (this.#room.mayRotate(true)) this.#follow(this.#rotate());
        else if (this.#space.short) return false;
        else this.#space.prepareSpares(2, this.#file);
      }
      await this.#waiters.wait();
    }
    return true;
  }

  /**
   * The end of what is sealed for the active file. Whatever is submitted later is sealed later: in this file behind that
   * end, or in a later one, whose index is greater, because spares are used in the order they got theirs. That holds when
   * the file is left early, too. What is carried over then lies in the later file as well; and the end that its header
   * declares is a synced one, so at or before this place, which then means the later file's first frame.
   */
  place(): LogPlace {
    // A checkpoint's replay always meets the final frame.
    if (this.#stoppedAt) return this.#stoppedAt;
    return { index: this.#file.index, position: this.#file.writtenEnd };
  }

  admit(bytes: number, room: Room): Promise<void> | undefined {
    if (this.#mode === "latched") throw unavailable(this.number, readOnly);
    if (this.#mode === "closed") throw new TopicsError("shutting_down", "the server is stopping");
    const need = frameBytes(this.#deps.lineage.shards, bytes);
    if (this.#queue.bytes > 0 && this.#queue.bytes + need > this.#deps.config.queueBytes) {
      this.#full++;
      return this.#wait(room.patient, "its queue is full");
    }
    if (this.#switch.stuck && !room.reserve) throw unavailable(this.number, outOfSpace);
    if (this.hung) return this.#wait(room.patient, "the disk does not answer");
    if (this.#mode === "switching") return this.#wait(true, "");
    if (this.#room.isAheadOfDisk) {
      this.#syncs.start();
      return this.#wait(true, "");
    }
    if (this.#room.admits(need, room.reserve)) return undefined;
    this.#room.want(need);
    this.#makeRoom(room.reserve);
    if (this.#mode === "open" && this.#room.isOut(room.reserve)) throw unavailable(this.number, outOfSpace);
    return this.#wait(true, "");
  }

  /** Logs a clock value although nothing else happens (1.6); `false` when that can't be had now. */
  logTime(stamp: number): Promise<boolean> {
    const draft = ownFrame(this.#arena, "mark", stamp);
    if (this.#mode !== "open" || !this.#room.has(draft.bytes.length)) return Promise.resolve(false);
    return new Promise((resolve) => this.submit(timeCommit(draft, resolve)));
  }

  /** A frame with anchors of links into topics of this shard (3.3), if that can be had now. */
  logAnchors(stamp: number, payload: Uint8Array, news: AnchorNews): void {
    const fields = { kind: frameKind.anchor, topicId: 0, epoch: 0, op: 0, stamp, firstSeq: 0, count: 0, ceiling: 0 };
    const draft = this.#arena.copyOf(fields, payload);
    if (this.#mode !== "open" || !this.#room.has(draft.bytes.length)) return news.failed();
    this.submit(anchorCommit(draft, news));
  }

  /** Everything submitted is synced, then the clean stop's final frame is. A latched shard has none, nor one without a stamp. */
  async close(stamp: number | undefined): Promise<void> {
    while (this.#mode === "switching" || (this.#mode === "open" && !this.#settled)) {
      this.requestSync();
      await this.#waiters.wait();
    }
    if (this.#mode === "open" && stamp !== undefined) await this.#writeFinal(stamp);
    this.#mode = "closed";
    this.#marks.clear();
    this.#barriers.end();
    this.#waiters.wake();
    await this.#space.close();
    await this.#writer.settled();
    await this.#file.file.close();
  }

  /** Gives up what is queued, at the end of a drain budget: nothing acked is lost, nothing else is acked. */
  abort(): void {
    this.#mode = "closed";
    this.#marks.clear();
    this.#barriers.end();
    this.#refuseQueue(unknownOutcome(this.number));
    this.#waiters.wake();
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

  // --- room ------------------------------------------------------------------------------------------------------

  #wait(patient: boolean, why: string): Promise<void> {
    if (!patient) throw busy(this.number, why);
    return this.#waiters.wait();
  }

  /** Something changed: see to room and to what waits for it. */
  #tend(): void {
    if (this.#mode === "open") {
      this.#room.review();
      this.#room.prepare();
      if (this.#room.wanted > 0) this.#makeRoom(false);
      else if (this.#queue.length > 0) this.#planPump();
    }
    this.#waiters.wake();
  }

  /** The active file has no room for what waits: it is extended, or the next one begins. */
  #makeRoom(reserve: boolean): void {
    if (this.#writer.writing) return;
    if (this.#room.callsForRotation(reserve)) this.#follow(this.#rotate());
    else this.#room.prepare();
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

  #leaveOpen(): void {
    assert(this.#mode === "open", "a file is left once");
    this.#mode = "switching";
    this.#switchingSinceMs = this.#nowMs();
    this.#marks.clear();
  }

  async #switchTo(carried: readonly FrameDraft[]): Promise<void> {
    await this.#switch.run(carried);
    this.#syncs.restart();
  }

  #reopen(): void {
    if (this.#mode !== "switching") return;
    this.#mode = "open";
    this.#planPump();
    this.#tend();
  }

  // --- writing ---------------------------------------------------------------------------------------------------

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
    if (this.#syncs.asked) {
      this.#syncs.answer(next);
      // A sync in flight wakes when it is back: asking again before that would go round and round.
      if (this.#settled) this.#waiters.wake();
    }
    if (!next) return;
    const group = this.#writer.take(this.#queue);
    if (group.length > 0) return this.#writeGroup(group);
    this.#room.want(next.draft.bytes.length);
    this.#makeRoom(next.commit?.reserve ?? false);
  }

  #writeGroup(group: readonly Entry[]): void {
    this.#writer.write(group, (fault) => {
      if (this.#mode !== "open") return;
      if (fault) this.#follow(this.#giveUp(fault.error, !isSpace(fault.error)));
      else this.#wrote(group);
    });
  }

  #wrote(group: readonly Entry[]): void {
    const bytes = group.at(-1)!.end - group[0].end + group[0].draft.bytes.length;
    this.#deps.events({ type: "wal-written", shard: this.number, frames: group.length, bytes });
    const wanted = group.findLast((entry) => entry.syncAsked || entry.commit?.wants === "synced");
    if (wanted) this.#syncs.want(wanted.end);
    else if (this.#file.unsyncedBytes > this.#space.rescueBytes / 2) this.#syncs.start();
    else this.#marks.arm();
    for (const entry of group) entry.commit?.written();
    this.#tend();
    if (this.#syncs.asked) this.#planPump();
  }

  // --- frames of its own -----------------------------------------------------------------------------------------

  get #wantsMark(): boolean {
    const { lastKind } = this.#writer;
    return lastKind !== undefined && lastKind !== frameKind.mark && this.#mode === "open";
  }

  /** Says that everything before it is synced: evidence for the next start (6.2). Nobody waits for it. */
  #writeMark(): void {
    if (!this.#idle) return;
    const draft = ownFrame(this.#arena, "mark", this.#deps.nextStamp());
    if (this.#file.room < draft.bytes.length) return;
    const entry = entryOf(draft, undefined);
    entry.syncAsked = true;
    this.#queue.push(entry);
    // A place behind it is synced when it is.
    this.#barriers.submitted();
    this.#deps.events({ type: "wal-marked", shard: this.number });
    this.#pump();
  }

  async #writeFinal(stamp: number): Promise<void> {
    const draft = ownFrame(this.#arena, "final", stamp);
    if (this.#file.room < draft.bytes.length) return;
    this.#stoppedAt = this.place();
    this.#leaveOpen();
    const final = new FrameQueue();
    final.push(entryOf(draft, undefined));
    this.#barriers.submitted();
    const group = this.#writer.take(final);
    const fault = await new Promise<Fault | undefined>((resolve) => this.#writer.write(group, resolve));
    const failed = fault ?? (await this.#writer.sync());
    if (failed) throw failed.error;
  }

  // --- faults ----------------------------------------------------------------------------------------------------

  /**
   * A write or a sync failed: this file is left, and nothing in it is tried again. What was acked is carried over into
   * the spare; the rest is refused once the spare's header, which ends this file at its synced end, is synced.
   */
  async #giveUp(error: unknown, latch: boolean): Promise<void> {
    if (this.#mode === "open") this.#leaveOpen();
    if (latch) await this.#leaveNote();
    const syncFault = await this.#writer.settled();
    if (syncFault && !latch) return this.#giveUp(syncFault.error, true);
    const left = new LeftFrames([...this.#writer.drain(), ...this.#queue.drain()]);
    try {
      await this.#switchTo(left.carried);
    } catch (second) {
      left.refuse(unknownOutcome(this.number));
      return this.#latch(second, false);
    }
    left.synced();
    left.refuse(unavailable(this.number, isSpace(error) ? outOfSpace : readOnly));
    if (left.areAllKept) this.#barriers.synced(left.count);
    else this.#barriers.lost(left.count);
    if (latch) return this.#latch(error, true);
    this.#deps.events({ type: "wal-abandoned", shard: this.number, errno: errnoOf(error) });
    this.#reopen();
  }

  async #latch(error: unknown, rescued: boolean): Promise<void> {
    if (!rescued) await this.#leaveNote();
    this.#mode = "latched";
    this.#deps.events({ type: "wal-latched", shard: this.number, errno: errnoOf(error), rescued });
    this.#barriers.end();
    this.#refuseQueue(unavailable(this.number, readOnly));
    this.#waiters.wake();
  }

  /** A disk that does not even take the note is no reason to end: what is acked can still be rescued, and be read. */
  async #leaveNote(): Promise<void> {
    try {
      await this.#deps.noteLatch(this.number);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
  }

  #refuseQueue(error: TopicsError): void {
    for (const { commit } of this.#queue.drain()) if (commit && !commit.acked) commit.failed(error);
  }

  #nowMs(): number {
    return this.#deps.env.clock.monotonicMs();
  }

  /** Work that nobody awaits; when it is done, whoever waits looks again. */
  #follow(work: Promise<void>): void {
    work.then(
      () => this.#waiters.wake(),
      (error: unknown) => this.#deps.crash(error),
    );
  }
}
