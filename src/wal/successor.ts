/**
 * Going on in a new file (spec 6.2): the one rule behind rotation, rescue, abandoned files and every start. What is kept
 * of what lies behind the predecessor's synced end is carried over and synced first; the header, which declares that end,
 * is synced next; then the manifest names the file; then the first new frame may go in.
 */
import { writeFully } from "../storage/io.ts";
import type { Env } from "../env/env.ts";
import type { Manifest } from "../storage/manifest.ts";
import { encodeFileHeader, firstFrameAt, type Predecessor, type WalFileHeader } from "./file-header.ts";
import { type FrameDraft, preparedUnit, sealFrame, type SyncedPlace } from "./frame.ts";
import { gather } from "./draft-arena.ts";
import { fillWithZeros, type WalFile } from "./wal-file.ts";

/** What all files of one run of a process have in common. */
export interface Lineage {
  readonly directoryId: string;
  readonly layout: number;
  readonly shard: number;
  readonly shards: number;
  readonly generation: number;
}

export interface Succession {
  readonly lineage: Lineage;
  readonly predecessor: Predecessor;
  readonly stamp: number;
  readonly synced: readonly SyncedPlace[];
  /** Batches of frames in order, and the sum of their lengths. */
  readonly carried: Iterable<readonly FrameDraft[]> | AsyncIterable<readonly FrameDraft[]>;
  readonly carriedBytes: number;
}

/** When it resolves, `next` is part of the log, whether or not the manifest names it yet. */
export async function succeed(env: Env, next: WalFile, succession: Succession): Promise<void> {
  const { lineage, carriedBytes } = succession;
  await makeRoomFor(next, carriedBytes);
  const header: WalFileHeader = {
    ...lineage,
    index: next.index,
    stamp: succession.stamp,
    preparedBytes: next.preparedBytes,
    carriedEnd: firstFrameAt + carriedBytes,
    predecessor: succession.predecessor,
    bootId: env.machine.bootId,
    inode: next.inode,
    birthtimeNs: next.birthtimeNs,
  };
  next.writtenHash = encodeFileHeader(header).hash;
  for await (const drafts of succession.carried) {
    const at = next.writtenEnd;
    for (const draft of drafts) appendTo(next, draft, lineage, succession.synced);
    await writeFully(next.file, gather(drafts), at);
  }
  if (carriedBytes > 0) await next.file.datasync();
  next.syncedEnd = next.writtenEnd;
  next.syncedHash = next.writtenHash;
  await next.begin(header);
}

/** Frames only ever go into zeros, so what is to be carried over gets them too where a spare is shorter. */
async function makeRoomFor(next: WalFile, carriedBytes: number): Promise<void> {
  const wanted = Math.ceil((firstFrameAt + carriedBytes) / preparedUnit) * preparedUnit;
  if (wanted <= next.preparedBytes) return;
  await fillWithZeros(next.file, next.preparedBytes, wanted);
  await next.file.datasync();
  next.preparedBytes = wanted;
  next.zeroedBytes = wanted;
}

/** Seals a frame for the end of a file and moves that end behind it; the bytes are the caller's to write. */
export function appendTo(file: WalFile, draft: FrameDraft, lineage: Lineage, synced: readonly SyncedPlace[]): void {
  file.writtenHash = sealFrame(draft, {
    shard: lineage.shard,
    fileIndex: file.index,
    generation: lineage.generation,
    offset: file.writtenEnd,
    predecessorHash: file.writtenHash,
    preparedBytes: file.preparedBytes,
    synced,
  });
  file.writtenEnd += draft.bytes.length;
}

export interface NamedFile {
  readonly shard: number;
  readonly index: number;
}

/** The manifest with these files named behind the ones that their shards have. */
export function withFiles(manifest: Manifest, files: readonly NamedFile[]): Manifest {
  const layouts = manifest.layouts.slice();
  const active = layouts.at(-1)!;
  const named = active.files.map((list, shard) => [
    ...list,
    ...files.filter((file) => file.shard === shard && !list.includes(file.index)).map((file) => file.index),
  ]);
  layouts[layouts.length - 1] = { ...active, files: named };
  const nextIndex = Math.max(manifest.nextIndex, ...files.map((file) => file.index + 1));
  return { ...manifest, layouts, nextIndex };
}
