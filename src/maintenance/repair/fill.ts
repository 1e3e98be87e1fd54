/**
 * Fills what is missing of a topic with what was found of it elsewhere (spec 6.6): blocks of segment files that nothing names
 * any more, batches that the log still has. They go between the parts that are there; a part that spans them is written anew.
 */
import type { Env } from "../../env/env.ts";
import type { BlockPool } from "../../topic/block-pool.ts";
import type { PartReads } from "../../topic/part-reads.ts";
import type { SectionPart } from "../../topic/section.ts";
import type { SealedPart } from "../../topic/sealed-part.ts";
import type { FoundBlock } from "./found-blocks.ts";
import type { Gathered } from "./gather.ts";
import type { PartSink } from "./part-sink.ts";
import { type FoundDeaths, lies } from "./deaths.ts";
import { blockPiece, deadBy, framePiece, type IsDead, partPiece, type Piece } from "./pieces.ts";
import { type Range, without } from "./ranges.ts";

export interface FillDeps {
  readonly env: Env;
  readonly pool: BlockPool;
  readonly reads: PartReads;
  readonly sink: PartSink;
}

export interface Sources {
  readonly blocks: readonly FoundBlock[];
  /** What delete files say of them. */
  readonly deaths: FoundDeaths;
  readonly gathered: Gathered;
}

/** What was found of the missing seqs, each once, in order. */
export function findPieces(
  { env, pool }: FillDeps,
  missing: readonly Range[],
  { blocks, deaths, gathered }: Sources,
): Piece[] {
  const isDead = deadBy(gathered.deletes);
  const candidates = [
    ...gathered.frames.map((frame) => ({
      first: frame.firstSeq,
      last: frame.lastSeq,
      piece: (range: Range) => framePiece(env, pool, frame, range, isDead),
    })),
    ...blocks.map((block) => ({
      first: block.firstSeq,
      last: block.lastSeq,
      piece: (range: Range) => blockPiece(env, pool, block, range, deadIn(block, deaths, isDead)),
    })),
  ];
  const pieces: Piece[] = [];
  let left: readonly Range[] = missing;
  for (const { first, last, piece } of candidates) {
    const covered: Range[] = [];
    for (const range of left) {
      const common = { first: Math.max(range.first, first), last: Math.min(range.last, last) };
      if (common.first <= common.last) covered.push(common);
    }
    pieces.push(...covered.map(piece));
    left = without(left, covered);
  }
  return pieces.sort((a, b) => a.first - b.first);
}

function deadIn(found: FoundBlock, deaths: FoundDeaths, isDead: IsDead): IsDead {
  const ranges = found.block === undefined ? [] : (deaths.of(found).get(found.block) ?? []);
  return (chunk, slot) => lies(ranges, slot) || isDead(chunk, slot);
}

/** The topic's parts with the pieces in between. `sealed`: what is there, part by part. */
export async function merge(
  { reads, sink }: FillDeps,
  { topicId, epoch }: { readonly topicId: number; readonly epoch: number },
  parts: readonly SectionPart[],
  sealed: readonly SealedPart[],
  pieces: readonly Piece[],
): Promise<SectionPart[]> {
  const merged: SectionPart[] = [];
  let pending: Piece[] = [];
  const flush = async (): Promise<void> => {
    for (const group of bounded(pending)) {
      const entry = await sink.part(topicId, epoch, group);
      if (entry !== undefined) merged.push({ entry, liveCount: entry.records, liveBytes: entry.bytes });
    }
    pending = [];
  };
  let next = 0;
  for (const [at, part] of parts.entries()) {
    const { firstSeq, lastSeq } = part.entry;
    while (next < pieces.length && pieces[next].last < firstSeq) pending.push(pieces[next++]);
    const inside: Piece[] = [];
    while (next < pieces.length && pieces[next].first <= lastSeq) inside.push(pieces[next++]);
    if (inside.length === 0) {
      await flush();
      merged.push(part);
    } else pending.push(...interleaved(reads, sealed[at], inside));
  }
  pending.push(...pieces.slice(next));
  await flush();
  return merged;
}

/** What lives in a part, before, between and behind the pieces. */
function interleaved(reads: PartReads, part: SealedPart, pieces: readonly Piece[]): Piece[] {
  const { firstSeq, lastSeq } = part.entry;
  const own = without([{ first: firstSeq, last: lastSeq }], pieces);
  return [...own.map(({ first, last }) => partPiece(reads, part, first, last)), ...pieces].sort(
    (a, b) => a.first - b.first,
  );
}

/** A part spans fewer seqs than this. */
const mostSeqs = 2 ** 31;
const mostPieces = 4096;

function* bounded(pieces: readonly Piece[]): Generator<Piece[]> {
  let group: Piece[] = [];
  for (const piece of pieces) {
    if (group.length >= mostPieces || (group.length > 0 && piece.last - group[0].first >= mostSeqs)) {
      yield group;
      group = [];
    }
    group.push(piece);
  }
  if (group.length > 0) yield group;
}
