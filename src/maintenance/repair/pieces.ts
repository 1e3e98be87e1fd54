/**
 * Records that are to go into a part, wherever they were found: in a block of the damaged directory, in a frame of its log,
 * or in a part that was made already. What is dead or outside of the range that is wanted is marked as deleted.
 */
import { matches, type Predicate } from "../../base/predicate.ts";
import type { Env } from "../../env/env.ts";
import { closeQuietly, readFully } from "../../storage/io.ts";
import type { BlockPool } from "../../topic/block-pool.ts";
import type { Chunk } from "../../topic/chunk.ts";
import type { PartReads } from "../../topic/part-reads.ts";
import { readRecords } from "../../topic/records-reader.ts";
import { sealedChunk } from "../../topic/sealed-block.ts";
import type { SealedPart } from "../../topic/sealed-part.ts";
import { Tail } from "../../topic/tail.ts";
import { checkFrame } from "../../wal/frame.ts";
import { type FoundBlock, readBlock } from "./found-blocks.ts";

export interface Piece {
  readonly first: number;
  readonly last: number;
  /** Each is pinned until the next is asked for. */
  chunks(): AsyncGenerator<Chunk>;
}

export type IsDead = (chunk: Chunk, slot: number) => boolean;

/** A delete that the log tells of. */
export type KnownDelete = SelectingDelete | { readonly op: number; readonly seqs: ReadonlySet<number> };

interface SelectingDelete {
  readonly op: number;
  /** Nothing above it was there. */
  readonly through: number;
  readonly match: Predicate | undefined;
}

/** A batch in a frame of the log. */
export interface FoundFrame {
  readonly path: string;
  readonly at: number;
  readonly bytes: number;
  readonly payloadAt: number;
  readonly payloadBytes: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** It does not read the same twice: an unreadable sector, a disk that lies. */
export class LostAgain extends Error {
  override readonly name = "LostAgain";
  readonly code = "EIO";
  readonly path: string;

  constructor(path: string) {
    super(`EIO: '${path}' does not read the same twice`);
    this.path = path;
  }
}

export function deadBy(deletes: readonly KnownDelete[]): IsDead {
  if (deletes.length === 0) return () => false;
  const selecting: SelectingDelete[] = [];
  const single = new Set<number>();
  for (const one of deletes) {
    if ("seqs" in one) for (const seq of one.seqs) single.add(seq);
    else selecting.push(one);
  }
  return (chunk, slot) => {
    const seq = chunk.seq(slot);
    if (single.has(seq)) return true;
    const id = chunk.tag(slot);
    const tag = id === 0 ? undefined : chunk.names.tags?.name(id);
    return selecting.some(
      ({ through, match }) => seq <= through && (match === undefined || (tag !== undefined && matches(match, tag))),
    );
  };
}

export function blockPiece(
  env: Env,
  pool: BlockPool,
  found: FoundBlock,
  { first, last }: { readonly first: number; readonly last: number },
  isDead: IsDead,
): Piece {
  return {
    first,
    last,
    async *chunks() {
      const payload = await readBlock(env, found);
      if (payload === undefined) throw new LostAgain(found.path);
      const held = pool.take(payload.length);
      try {
        payload.copy(held.bytes);
        const outcome = sealedChunk(held, payload.length, found.firstSeq, found.records);
        if (!outcome.ok) throw new LostAgain(found.path);
        yield restricted(outcome.chunk, first, last, isDead);
      } finally {
        held.unpin();
      }
    },
  };
}

export function framePiece(
  env: Env,
  pool: BlockPool,
  found: FoundFrame,
  { first, last }: { readonly first: number; readonly last: number },
  isDead: IsDead,
): Piece {
  return {
    first,
    last,
    async *chunks() {
      const bytes = await readFrame(env, found);
      const outcome = readRecords(bytes.subarray(found.payloadAt, found.payloadAt + found.payloadBytes));
      if (!outcome.ok) throw new LostAgain(found.path);
      const tail = new Tail(pool);
      try {
        tail.append(found.firstSeq, outcome.entry, { index: 0, position: found.at });
        for (const chunk of tail.chunks) yield restricted(chunk, first, last, isDead);
      } finally {
        tail.clear();
      }
    },
  };
}

export function partPiece(reads: PartReads, part: SealedPart, first: number, last: number): Piece {
  return {
    first,
    last,
    async *chunks() {
      const index = await reads.loadIndex(part.entry);
      for (let block = index.blockOf(first); block < index.blocks && index.firstSeq(block) <= last; block++) {
        const chunk = await reads.loadChunk(part.entry, block);
        try {
          yield restricted(part.mark(chunk, block), first, last, () => false);
        } finally {
          chunk.block.unpin();
        }
      }
    },
  };
}

/** A bitmap of its own: others may look at the same chunk, and mark it as they need. */
function restricted(chunk: Chunk, first: number, last: number, isDead: IsDead): Chunk {
  const bits = new Uint32Array((chunk.count + 31) >>> 5);
  if (chunk.deleted !== undefined) bits.set(chunk.deleted.subarray(0, bits.length));
  for (let slot = 0; slot < chunk.count; slot++) {
    const seq = chunk.seq(slot);
    if (seq < first || seq > last || isDead(chunk, slot)) bits[slot >>> 5] |= 1 << (slot & 31);
  }
  chunk.deleted = bits;
  return chunk;
}

async function readFrame(env: Env, { path, at, bytes }: FoundFrame): Promise<Buffer> {
  const file = await env.fs.open(path, "read");
  try {
    const frame = Buffer.allocUnsafeSlow(bytes);
    const read = await readFully(file, frame, at);
    if (read < bytes || checkFrame(frame) === undefined) throw new LostAgain(path);
    return frame;
  } finally {
    await closeQuietly(file);
  }
}
