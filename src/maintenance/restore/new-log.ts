/**
 * A shard's log in a directory that is being made (spec 6.7): frames that were logged elsewhere, sealed anew for the files
 * that they lie in now. All of it is synced before the directory appears; it ends like a clean stop.
 */
import { assert } from "../../base/assert.ts";
import type { Env, File } from "../../env/env.ts";
import { writeFully } from "../../storage/io.ts";
import { joinPath, walFileName } from "../../storage/layout.ts";
import type { FrameFields, LogPlace } from "../../wal/commit.ts";
import { DraftArena, gather } from "../../wal/draft-arena.ts";
import { encodeFileHeader, firstFrameAt, type Predecessor } from "../../wal/file-header.ts";
import { type FrameDraft, sealFrame, type SyncedPlace } from "../../wal/frame.ts";
import { ownFrame } from "../../wal/own-frames.ts";
import type { Lineage } from "../../wal/successor.ts";

export interface NewLogDeps {
  readonly env: Env;
  readonly directory: string;
  readonly lineage: Lineage;
  /** A file is not extended beyond this, unless one frame needs it. */
  readonly fileBytes: number;
  nextIndex(): number;
}

export interface WrittenLog {
  readonly files: readonly number[];
  readonly from: LogPlace;
  readonly end: LogPlace;
}

const writeBytes = 1 << 20;
const syncBytes = 4 << 20;
/** Files are as long as their frames say that they are prepared, which is in steps of this. */
const preparedStep = 64 << 10;

interface OpenFile {
  readonly file: File;
  readonly index: number;
  /** Where the next frame goes, and the hash it names. */
  end: number;
  hash: bigint;
  written: number;
  unsynced: number;
}

export class NewLog {
  readonly #deps: NewLogDeps;
  readonly #arena: DraftArena;
  readonly #files: number[] = [];
  #open: OpenFile | undefined;
  /** Waiting to be sealed; and sealed, waiting to be written. */
  #waiting: FrameDraft[] = [];
  #sealed: FrameDraft[] = [];

  constructor(deps: NewLogDeps) {
    this.#deps = deps;
    this.#arena = new DraftArena(deps.lineage.shards);
  }

  /** Copies the frame. What is added waits in memory for the next `flush`. */
  add(fields: FrameFields, payload: Uint8Array): void {
    this.#waiting.push(this.#arena.copyOf(fields, payload));
  }

  async flush(): Promise<void> {
    for (const draft of this.#waiting.splice(0)) await this.#append(draft);
  }

  /** `stamp` of the final frame. */
  async finish(stamp: number): Promise<WrittenLog> {
    this.#waiting.push(ownFrame(this.#arena, "final", stamp));
    await this.flush();
    const { index, end } = this.#open!;
    await this.#close();
    const [first] = this.#files;
    return {
      files: this.#files,
      from: { index: first, position: firstFrameAt },
      end: { index, position: end },
    };
  }

  /** The files that were begun are the caller's to remove. */
  async abandon(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.file.close();
  }

  async #append(draft: FrameDraft): Promise<void> {
    const open = await this.#fileFor(draft);
    const { lineage } = this.#deps;
    const own = { index: open.index, position: open.end };
    const unknown: SyncedPlace = { index: 0, position: 0 };
    open.hash = sealFrame(draft, {
      shard: lineage.shard,
      fileIndex: open.index,
      generation: lineage.generation,
      offset: open.end,
      predecessorHash: open.hash,
      preparedBytes: prepared(open.end + draft.bytes.length),
      synced: Array.from({ length: lineage.shards }, (_, shard) => (shard === lineage.shard ? own : unknown)),
    });
    open.end += draft.bytes.length;
    this.#sealed.push(draft);
    if (open.end - open.written >= writeBytes) await this.#write(open);
  }

  async #fileFor({ bytes, fields: { stamp } }: FrameDraft): Promise<OpenFile> {
    const open = this.#open;
    if (open === undefined) return this.#begin({ index: 0, end: 0, hash: 0n }, stamp);
    if (open.end === firstFrameAt || open.end + bytes.length <= this.#deps.fileBytes) return open;
    const { index, end, hash } = open;
    await this.#close();
    return this.#begin({ index, end, hash }, stamp);
  }

  async #begin(predecessor: Predecessor, stamp: number): Promise<OpenFile> {
    const { env, directory, lineage } = this.#deps;
    const index = this.#deps.nextIndex();
    const file = await env.fs.open(joinPath(directory, walFileName(lineage.shard, index)), "create-new");
    const open = { file, index, end: firstFrameAt, hash: 0n, written: firstFrameAt, unsynced: firstFrameAt };
    this.#open = open;
    const { inode, birthtimeNs } = await file.stat();
    const header = encodeFileHeader({
      ...lineage,
      index,
      stamp,
      preparedBytes: prepared(firstFrameAt),
      carriedEnd: firstFrameAt,
      predecessor,
      bootId: env.machine.bootId,
      inode,
      birthtimeNs,
    });
    open.hash = header.hash;
    await writeFully(file, [header.sector, new Uint8Array(firstFrameAt - header.sector.length)], 0);
    this.#files.push(index);
    return open;
  }

  async #write(open: OpenFile): Promise<void> {
    const drafts = this.#sealed.splice(0);
    await writeFully(open.file, gather(drafts), open.written);
    for (const draft of drafts) draft.release();
    open.unsynced += open.end - open.written;
    open.written = open.end;
    if (open.unsynced < syncBytes) return;
    await open.file.datasync();
    open.unsynced = 0;
  }

  async #close(): Promise<void> {
    const open = this.#open;
    assert(open !== undefined, "a log that is written has a file");
    await this.#write(open);
    await open.file.truncate(prepared(open.end));
    await open.file.datasync();
    this.#open = undefined;
    await open.file.close();
  }
}

function prepared(end: number): number {
  return Math.ceil(end / preparedStep) * preparedStep;
}
