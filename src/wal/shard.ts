/**
 * One ordered writer of the WAL (spec 6.2): a bounded queue, group commit, one sync in flight.
 *
 * While one write is in flight, everything that arrives forms the next group. Writes go on while a sync is in flight; a
 * sync covers what was written when it was issued. No timer delays a commit.
 *
 * Modes: `open` → `switching` (a new file begins: rotation, or a file given up) → `open`;
 * `open` | `switching` → `latched` (read-only until restart, 6.6); `open` | `latched` → `closed`.
 */
import { assert } from "../base/assert.ts";
import { TopicsError } from "../base/errors.ts";
import { Fifo } from "../base/fifo.ts";
import { errnoOf, type TimerHandle } from "../env/env.ts";
import { writeFully, writeFullySync } from "../storage/io.ts";
import { type Commit, type CommitLog, type Draft, type FrameFields, frameKind } from "./commit.ts";
import * as sizes from "./config.ts";
import { DraftArena, gather } from "./draft-arena.ts";
import { firstFrameAt } from "./file-header.ts";
import { frameBytes, FrameDraft } from "./frame.ts";
import { Space } from "./space.ts";
import type { ShardDeps } from "./shard-deps.ts";
import { appendTo, succeed, withFiles } from "./successor.ts";
import type { WalFile } from "./wal-file.ts";

/** A frame on its way: `commit` is absent for the WAL's own. */
interface Entry {
  readonly draft: FrameDraft;
  readonly commit: Commit | undefined;
  /** Its end in the active file and the hash there, once it is written. */
  end: number;
  hash: bigint;
}

/** What a failed call threw. */
interface Fault {
  readonly error: unknown;
}

type Mode = "open" | "switching" | "latched" | "closed";

export class Shard implements CommitLog {
  readonly #deps: ShardDeps;
  readonly #arena: DraftArena;
  readonly #space: Space;
  readonly #queue = new Fifo<Entry>();
  readonly #unsynced = new Fifo<Entry>();
  #mode: Mode = "open";
  #file: WalFile;
  #queuedBytes = 0;
  #pumpPlanned = false;
  #writing = false;
  #writeSettled: Promise<void> = Promise.resolve();
  /** The sync in flight; resolves to what went wrong with it. */
  #sync: Promise<Fault | undefined> | undefined;
  #syncStartedMs = 0;
  /** Somebody waits for a sync of everything up to here. */
  #syncWanted = firstFrameAt;
  #syncAfterQueue = false;
  #timer: TimerHandle | undefined;
  #slowUntilMs = 0;
  #lastKind: number | undefined;
  #oldestUnsyncedMs = 0;
  #roomWanted = 0;
  #waiters: (() => void)[] = [];

  constructor(deps: ShardDeps, file: WalFile) {
    this.#deps = deps;
    this.#file = file;
    this.#arena = new DraftArena(deps.lineage.shards);
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

  get queueDepth(): number {
    return this.#queue.length;
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
    this.#queue.push({ draft, commit, end: 0, hash: 0n });
    this.#queuedBytes += draft.bytes.length;
    this.#planPump();
  }

  requestSync(): void {
    this.#syncAfterQueue = true;
    this.#planPump();
  }

  admit(bytes: number, options: { readonly reserve: boolean; readonly patient: boolean }): Promise<void> | undefined {
    if (this.#mode === "latched") throw unavailable(this.number, readOnly);
    if (this.#mode === "closed") throw new TopicsError("shutting_down", "the server is stopping");
    const need = frameBytes(this.#deps.lineage.shards, bytes);
    if (this.#queuedBytes + need > this.#deps.config.queueBytes && this.#queuedBytes > 0)
      return this.#wait(options.patient, "its queue is full");
    if (this.#syncHung()) return this.#wait(options.patient, "a sync has not come back");
    if (this.#mode === "open" && this.#aheadOfDisk()) {
      this.#startSync();
      return this.#wait(true, "");
    }
    if (this.#mode === "open" && this.#file.room - this.#queuedBytes >= need) return undefined;
    this.#roomWanted = Math.max(this.#roomWanted, need);
    if (this.#mode === "open") this.#makeRoom(options.reserve);
    if (this.#mode === "open" && this.#space.short && !this.#mayRotate(options.reserve))
      throw unavailable(this.number, outOfSpace);
    return this.#wait(true, "");
  }

  /** Logs a clock value although nothing else happens (1.6); `false` when that can't be had now. */
  logTime(stamp: number): Promise<boolean> {
    const draft = this.#ownFrame(frameKind.mark, stamp);
    if (this.#mode !== "open" || this.#file.room - this.#queuedBytes < draft.bytes.length)
      return Promise.resolve(false);
    return new Promise((resolve) => {
      const commit: Commit = {
        draft,
        wants: "written",
        reserve: true,
        acked: false,
        written: () => resolve(true),
        synced: () => undefined,
        failed: () => resolve(false),
      };
      this.submit(commit);
    });
  }

  /** Everything submitted is synced, then the clean stop's final frame is. Leaves it out when the shard is latched. */
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
    await this.#sync;
    await this.#file.file.close();
  }

  /** Gives up what is queued, at the end of a drain budget: nothing acked is lost, nothing else is acked. */
  abort(): void {
    this.#mode = "closed";
    this.#clearTimer();
    for (const entry of this.#queue.drain()) entry.commit?.failed(unknownOutcome(this.number));
    this.#wake();
  }

  get #idle(): boolean {
    return this.#queue.length === 0 && !this.#writing;
  }

  get #settled(): boolean {
    return this.#idle && this.#file.unsyncedBytes === 0 && this.#sync === undefined;
  }

  // --- admission -------------------------------------------------------------------------------------------------

  #syncHung(): boolean {
    return this.#sync !== undefined && this.#now() - this.#syncStartedMs > sizes.hungSyncMs;
  }

  /** The bound on what a crash of the machine may take, on a stalling disk too (6.1). */
  #aheadOfDisk(): boolean {
    const unsynced = this.#file.unsyncedBytes + this.#queuedBytes;
    if (unsynced === 0) return false;
    if (this.#space.spares > 0 && unsynced > this.#space.rescueBytes) return this.#file.unsyncedBytes > 0;
    return this.#unsynced.length > 0 && this.#now() - this.#oldestUnsyncedMs > sizes.unsyncedLimitMs(this.#deps.config);
  }

  #wait(patient: boolean, why: string): Promise<void> {
    if (!patient)
      throw new TopicsError("throttled", `WAL shard ${this.number} is busy: ${why}`, {
        retry_after_ms: 1000,
        shard: this.number,
      });
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  // --- room ------------------------------------------------------------------------------------------------------

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
    if (this.#writing) return;
    const alone = this.#file.writtenEnd === firstFrameAt;
    const mayExtend = alone || this.#file.writtenEnd + this.#roomWanted <= this.#deps.config.fileBytes;
    if ((mayExtend && !this.#space.short) || !this.#mayRotate(reserve)) this.#space.tend(this.#file, this.#roomWanted);
    else this.#follow(this.#rotate());
  }

  /** Work that nobody awaits; when it is done, whoever waits looks again. */
  #follow(work: Promise<void>): void {
    work.then(
      () => this.#wake(),
      (error: unknown) => this.#deps.crash(error),
    );
  }

  async #rotate(): Promise<void> {
    this.#mode = "switching";
    this.#clearTimer();
    const fault = (await this.#sync) ?? (await this.#syncFile());
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
    const { env, lineage, manifest } = this.#deps;
    const previous = this.#file;
    const next = this.#space.takeSpare();
    if (!next) throw new TopicsError("wal_unavailable", "there is no spare file");
    await succeed(env, next, {
      lineage,
      predecessor: { index: previous.index, end: previous.syncedEnd, hash: previous.syncedHash },
      stamp: this.#deps.nextStamp(),
      synced: this.#deps.places.all,
      carried: carried.length > 0 ? [carried] : [],
      carriedBytes: carried.reduce((sum, draft) => sum + draft.bytes.length, 0),
    });
    this.#file = next;
    this.#syncWanted = firstFrameAt;
    this.#deps.places.learn(this.number, { index: next.index, position: next.syncedEnd });
    await manifest.update((named) => withFiles(named, [{ shard: this.number, index: next.index }]));
    await previous.file.close();
  }

  #reopen(): void {
    this.#mode = "open";
    this.#lastKind = undefined;
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
    if (this.#mode === "latched" || this.#mode === "closed") return this.#rejectQueue();
    if (this.#mode !== "open" || this.#writing) return;
    const next = this.#queue.peek();
    if (next && next.draft.bytes.length > this.#file.room) {
      this.#roomWanted = Math.max(this.#roomWanted, next.draft.bytes.length);
      this.#makeRoom(next.commit?.reserve ?? false);
    } else if (next) this.#writeGroup(this.#takeGroup());
    else if (this.#syncAfterQueue) {
      this.#syncAfterQueue = false;
      this.#wantSync(this.#file.writtenEnd);
    }
  }

  /** The next frames that have room, sealed for where they go; at least one. */
  #takeGroup(): Entry[] {
    const group: Entry[] = [];
    const file = this.#file;
    const start = file.writtenEnd;
    while (this.#queue.length > 0) {
      const entry = this.#queue.peek()!;
      const { length } = entry.draft.bytes;
      if (group.length > 0 && file.writtenEnd + length - start > sizes.groupBytes) break;
      if (length > file.room) break;
      this.#queue.shift();
      this.#queuedBytes -= length;
      appendTo(file, entry.draft, this.#deps.lineage, this.#deps.places.all);
      entry.end = file.writtenEnd;
      entry.hash = file.writtenHash;
      group.push(entry);
    }
    return group;
  }

  #writeGroup(group: Entry[]): void {
    const file = this.#file;
    const bytes = group.reduce((sum, entry) => sum + entry.draft.bytes.length, 0);
    const at = file.writtenEnd - bytes;
    const parts = gather(group.map((entry) => entry.draft));
    if (this.#mayWriteHere(bytes)) {
      const started = this.#now();
      try {
        writeFullySync(file.file, parts, at);
      } catch (error) {
        return this.#writeFailed(error, group);
      }
      const ended = this.#now();
      if (ended - started > sizes.slowWriteMs) this.#slowUntilMs = ended + sizes.slowPauseMs;
      this.#wrote(group, bytes);
      return;
    }
    this.#writing = true;
    this.#writeSettled = writeFully(file.file, parts, at).then(
      () => {
        this.#writing = false;
        this.#wrote(group, bytes);
      },
      (error: unknown) => {
        this.#writing = false;
        this.#writeFailed(error, group);
      },
    );
  }

  #mayWriteHere(bytes: number): boolean {
    if (bytes > sizes.syncWriteBytes || this.#now() < this.#slowUntilMs) return false;
    return this.#file.unsyncedBytes < sizes.syncWriteUnsyncedBytes;
  }

  #wrote(group: Entry[], bytes: number): void {
    const wanted = group.findLast((entry) => entry.commit?.wants === "synced");
    if (this.#unsynced.length === 0) this.#oldestUnsyncedMs = this.#now();
    for (const entry of group) this.#unsynced.push(entry);
    this.#lastKind = group.at(-1)!.draft.fields.kind;
    this.#deps.events({ type: "wal-written", shard: this.number, frames: group.length, bytes });
    if (wanted) this.#wantSync(wanted.end);
    else if (this.#file.unsyncedBytes > this.#space.rescueBytes / 2) this.#startSync();
    else this.#armTimer();
    for (const entry of group) entry.commit?.written();
    this.#tend();
    if (this.#syncAfterQueue) this.#planPump();
  }

  #writeFailed(error: unknown, group: Entry[]): void {
    for (const entry of group) this.#unsynced.push(entry);
    this.#follow(this.#giveUp(error, !isSpace(error)));
  }

  // --- syncing ---------------------------------------------------------------------------------------------------

  #wantSync(end: number): void {
    this.#syncWanted = Math.max(this.#syncWanted, end);
    this.#startSync();
  }

  #startSync(): void {
    if (this.#sync || this.#mode !== "open") return;
    if (this.#file.unsyncedBytes === 0 && this.#file.zeroedBytes === this.#file.preparedBytes) return;
    this.#clearTimer();
    this.#sync = this.#syncFile();
    this.#follow(this.#sync.then((fault) => this.#afterSync(fault)));
  }

  /** One sync of the active file, and everything that becomes true by it. */
  async #syncFile(): Promise<Fault | undefined> {
    const file = this.#file;
    const { zeroedBytes } = file;
    const covered = this.#writing ? this.#writtenBefore() : { end: file.writtenEnd, hash: file.writtenHash };
    this.#syncStartedMs = this.#now();
    try {
      await file.file.datasync();
    } catch (error) {
      return { error };
    }
    const bytes = covered.end - file.syncedEnd;
    file.syncedEnd = covered.end;
    file.syncedHash = covered.hash;
    file.preparedBytes = zeroedBytes;
    this.#deps.places.learn(this.number, { index: file.index, position: covered.end });
    this.#deps.events({ type: "wal-synced", shard: this.number, bytes, ms: this.#now() - this.#syncStartedMs });
    this.#oldestUnsyncedMs = this.#syncStartedMs;
    while (this.#unsynced.length > 0 && this.#unsynced.peek()!.end <= covered.end)
      this.#unsynced.shift().commit?.synced();
    return undefined;
  }

  /** What a sync covers while a write is in flight: the frames of writes that have returned. */
  #writtenBefore(): { end: number; hash: bigint } {
    const last = this.#unsynced.last();
    return last ? { end: last.end, hash: last.hash } : { end: this.#file.syncedEnd, hash: this.#file.syncedHash };
  }

  async #afterSync(fault: Fault | undefined): Promise<void> {
    this.#sync = undefined;
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
    const delayMs = unsynced ? this.#deps.config.diskSyncMs : this.#deps.config.diskSyncMs / 2;
    this.#timer = this.#deps.env.timers.after(delayMs, () => {
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
    return this.#lastKind !== undefined && this.#lastKind !== frameKind.mark && this.#mode === "open";
  }

  /** Says that everything before it is synced: evidence for the next start (6.2). Nobody waits for it. */
  #writeMark(): void {
    const draft = this.#ownFrame(frameKind.mark, this.#deps.nextStamp());
    if (this.#file.room < draft.bytes.length) return;
    this.#queue.push({ draft, commit: undefined, end: 0, hash: 0n });
    this.#queuedBytes += draft.bytes.length;
    this.#deps.events({ type: "wal-marked", shard: this.number });
    this.#syncAfterQueue = true;
    this.#pump();
  }

  async #writeFinal(stamp: number): Promise<void> {
    const draft = this.#ownFrame(frameKind.final, stamp);
    if (this.#file.room < draft.bytes.length) return;
    this.#mode = "switching";
    this.#clearTimer();
    const at = this.#file.writtenEnd;
    appendTo(this.#file, draft, this.#deps.lineage, this.#deps.places.all);
    await writeFully(this.#file.file, [draft.bytes], at);
    await this.#file.file.datasync();
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
    this.#mode = "switching";
    this.#clearTimer();
    if (latch) await this.#deps.noteLatch(this.number);
    await this.#writeSettled;
    const syncFault = await this.#sync;
    if (syncFault && !latch) return this.#giveUp(syncFault.error, true);
    const entries = [...this.#unsynced.drain(), ...this.#queue.drain()];
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
    const reason = isSpace(error) ? outOfSpace : readOnly;
    for (const entry of refused) entry.commit!.failed(unavailable(this.number, reason));
    if (latch) return this.#latch(error, true);
    this.#deps.events({ type: "wal-abandoned", shard: this.number, errno: errnoOf(error) });
    this.#reopen();
  }

  async #latch(error: unknown, rescued: boolean): Promise<void> {
    if (!rescued) await this.#deps.noteLatch(this.number);
    this.#mode = "latched";
    this.#clearTimer();
    this.#deps.events({ type: "wal-latched", shard: this.number, errno: errnoOf(error), rescued });
    this.#rejectQueue();
    this.#wake();
  }

  #rejectQueue(): void {
    this.#queuedBytes = 0;
    for (const entry of this.#queue.drain())
      if (entry.commit && !entry.commit.acked) entry.commit.failed(unavailable(this.number, readOnly));
  }

  #now(): number {
    return this.#deps.env.clock.monotonicMs();
  }
}

const readOnly = "is read-only after a disk error until the next start";
const outOfSpace = "has no space left on its disk";

function isSpace(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === "ENOSPC" || errno === "EDQUOT";
}

function unavailable(shard: number, why: string): TopicsError {
  return new TopicsError("wal_unavailable", `WAL shard ${shard} ${why}`, { shard });
}

function unknownOutcome(shard: number): TopicsError {
  return new TopicsError(
    "wal_unavailable",
    `WAL shard ${shard} failed; whether this is committed shows after a restart`,
    {
      shard,
      outcome: "unknown",
    },
  );
}
