/**
 * When a shard's file is synced (spec 6.2): one sync in flight, the next one when it is back if somebody wants more than it
 * covers. Nobody waits for a timer who has asked.
 */
import { firstFrameAt } from "./file-header.ts";
import type { Fault, FileWriter } from "./file-writer.ts";
import type { Entry, FrameQueue } from "./frame-queue.ts";
import type { Marks } from "./marks.ts";

export interface SyncsDeps {
  readonly writer: FileWriter;
  readonly marks: Marks;
  /** Frames go into the file; whoever is leaving it syncs it himself. */
  isOpen(): boolean;
  /** Work that nobody awaits. */
  follow(work: Promise<void>): void;
  failed(fault: Fault): Promise<void>;
  /** A sync is back, and the next one under way if it is wanted. */
  done(): void;
}

export class Syncs {
  readonly #deps: SyncsDeps;
  /** Somebody waits for a sync of everything up to here, or of everything that is written when it can be begun. */
  #wanted = firstFrameAt;
  #asked = false;

  constructor(deps: SyncsDeps) {
    this.#deps = deps;
  }

  get asked(): boolean {
    return this.#asked;
  }

  /** For everything submitted: the last one that waits to be written brings the sync along. */
  ask(queue: FrameQueue): void {
    const last = queue.last();
    if (last) last.syncAsked = true;
    else this.#asked = true;
  }

  /** For what was asked when nothing waited. `next` has come since: its sync does for both. */
  answer(next: Entry | undefined): void {
    this.#asked = false;
    if (next) next.syncAsked = true;
    else this.want(this.#deps.writer.file.writtenEnd);
  }

  want(end: number): void {
    this.#wanted = Math.max(this.#wanted, end);
    this.start();
  }

  start(): void {
    const { writer, marks } = this.#deps;
    if (writer.syncing || !this.#deps.isOpen() || !writer.wantsSync) return;
    marks.clear();
    this.#deps.follow(writer.sync().then((fault) => this.#after(fault)));
  }

  /** Another file has begun. */
  restart(): void {
    this.#wanted = firstFrameAt;
  }

  async #after(fault: Fault | undefined): Promise<void> {
    // Whoever is switching files awaits the same sync and sees to its fault.
    if (!this.#deps.isOpen()) return;
    if (fault) return this.#deps.failed(fault);
    const { file } = this.#deps.writer;
    const unprepared = file.zeroedBytes > file.preparedBytes;
    if (this.#wanted > file.syncedEnd || unprepared) this.start();
    else this.#deps.marks.arm();
    this.#deps.done();
  }
}
