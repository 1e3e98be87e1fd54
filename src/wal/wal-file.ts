/**
 * A WAL file that frames are appended to, or that waits to become one (spec 6.2). It is zero-filled and synced ahead of
 * use; its header comes last; nothing in it is ever written twice with something else.
 */
import { assert } from "../base/assert.ts";
import type { Env, File } from "../env/env.ts";
import { writeFully } from "../storage/io.ts";
import { joinPath, walFileName } from "../storage/layout.ts";
import { encodeFileHeader, firstFrameAt, type WalFileHeader } from "./file-header.ts";

const zeros = Buffer.alloc(1 << 20);
/** A file is prepared in steps of this, each synced, so that a commit's sync never finds a flood ahead of it. */
const prepareStepBytes = 4 << 20;

/** Fills [from, to) with zeros, a step at a time. */
export async function fillWithZeros(file: File, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += zeros.length) {
    await writeFully(file, [zeros.subarray(0, Math.min(zeros.length, to - at))], at);
  }
}

export class WalFile {
  readonly file: File;
  readonly path: string;
  readonly index: number;
  readonly inode: bigint;
  readonly birthtimeNs: bigint;
  /** Zero-filled and synced up to here: frames may go into it. */
  preparedBytes: number;
  /** Zero-filled up to here; the next sync makes it prepared. */
  zeroedBytes: number;
  /** Where the next frame goes, and the hash it names. */
  writtenEnd = firstFrameAt;
  writtenHash = 0n;
  /** Known to be synced, always at a frame's end. */
  syncedEnd = firstFrameAt;
  syncedHash = 0n;

  private constructor(file: File, path: string, index: number, length: number, inode: bigint, birthtimeNs: bigint) {
    this.file = file;
    this.path = path;
    this.index = index;
    this.preparedBytes = length;
    this.zeroedBytes = length;
    this.inode = inode;
    this.birthtimeNs = birthtimeNs;
  }

  /**
   * A new file without a header: not part of the log yet. Its contents and its directory entry are durable. It is
   * prepared on the shared pool, and only then opened on the shard's lane, so that no ack waits behind it.
   */
  static async prepare(env: Env, directory: string, shard: number, index: number, length: number): Promise<WalFile> {
    assert(length > firstFrameAt, "a WAL file has room for frames");
    const path = joinPath(directory, walFileName(shard, index));
    const blank = await env.fs.open(path, "create-new");
    try {
      for (let at = 0; at < length; at += prepareStepBytes) {
        await fillWithZeros(blank, at, Math.min(length, at + prepareStepBytes));
        await blank.datasync();
      }
    } finally {
      await blank.close();
    }
    await env.fs.syncDir(directory);
    const file = await env.fs.open(path, "write", { lane: `wal-${shard}` });
    const stat = await file.stat();
    return new WalFile(file, path, index, length, stat.inode, stat.birthtimeNs);
  }

  /** Room for frames that needs no further preparation. */
  get room(): number {
    return this.preparedBytes - this.writtenEnd;
  }

  get unsyncedBytes(): number {
    return this.writtenEnd - this.syncedEnd;
  }

  /** Writes and syncs the header: from now on the file is part of the log. What is carried over is synced already. */
  async begin(header: WalFileHeader): Promise<void> {
    assert(header.carriedEnd === this.syncedEnd, "what is carried over is synced before the header");
    await writeFully(this.file, [encodeFileHeader(header).sector], 0);
    await this.file.datasync();
  }
}
