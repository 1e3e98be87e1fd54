/**
 * Deleting records by their seqs (spec 1.7, 5): what acks and moves into other topics take. Sealed ones are found in their
 * blocks ahead of the commit, so that the commit itself reads nothing. A seq that is not there any more is left out.
 */
import { SegmentDamage } from "../segment/files.ts";
import type { PartIndex } from "../segment/index.ts";
import type { Chunk } from "./chunk.ts";
import { nothingHeld, type PartMatch, type Removed, removeSealed, type ResolvedDelete } from "./deletes.ts";
import type { PartReads } from "./part-reads.ts";
import type { Retained } from "./retained.ts";
import type { SealedPart } from "./sealed-part.ts";
import type { Tail } from "./tail.ts";

/** The live ones of these seqs, which ascend; `resolved` has those that are sealed. */
export function removeSeqs(
  retained: Retained,
  seqs: readonly number[],
  resolved: ResolvedDelete,
  gone?: Removed,
): number {
  return removeSealed(retained, resolved, Infinity, gone) + removeSeqsFromTail(retained.tail, seqs, gone);
}

export function removeSeqsFromTail(tail: Tail, seqs: readonly number[], gone?: Removed): number {
  if (tail.count === 0) return 0;
  const live = seqs.filter((seq) => tail.isLive(seq));
  if (live.length === 0) return 0;
  tail.remove(live);
  gone?.(live);
  return live.length;
}

/** Where none of the seqs is sealed nothing has to be read. */
export function seqsInTail(retained: Retained, seqs: readonly number[]): ResolvedDelete | undefined {
  const { sealed } = retained;
  const isSealed = sealed.count > 0 && seqs.length > 0 && seqs[0] <= sealed.lastSeq;
  return isSealed ? undefined : { version: sealed.version, matches: [], letGo: nothingHeld };
}

/** Reads what is not in the cache on the calling thread: replay. Throws `SegmentDamage`. */
export function resolveSeqsNow(retained: Retained, seqs: readonly number[], reads: PartReads): ResolvedDelete {
  const { sealed } = retained;
  const matches: PartMatch[] = [];
  for (const [part, own] of byPart(retained, seqs)) {
    const found = new SeqMatch(part, part.index, (block) => reads.chunk(part.entry, part.index, block));
    for (const seq of own) found.add(seq);
    matches.push(found);
  }
  return { version: sealed.version, matches, letGo: nothingHeld };
}

/** The same without holding anybody up. */
export async function resolveSeqs(
  retained: Retained,
  seqs: readonly number[],
  reads: PartReads,
): Promise<ResolvedDelete> {
  const { sealed } = retained;
  const { version } = sealed;
  const matches: PartMatch[] = [];
  for (const [part, own] of byPart(retained, seqs)) {
    const index = await reads.loadIndex(part.entry);
    const held = new Map<number, Chunk>();
    try {
      for (const seq of own) {
        const block = index.blockOf(seq);
        if (block < index.blocks && !held.has(block)) held.set(block, await reads.loadChunk(part.entry, block));
      }
      const found = new SeqMatch(part, index, (block) => held.get(block)!);
      for (const seq of own) found.add(seq);
      matches.push(found);
    } catch (error) {
      // What has left the topic meanwhile holds nothing that lives.
      if (!(error instanceof SegmentDamage) || sealed.parts.includes(part)) throw error;
    } finally {
      for (const chunk of held.values()) chunk.block.unpin();
    }
  }
  return { version, matches, letGo: nothingHeld };
}

function byPart({ sealed }: Retained, seqs: readonly number[]): Map<SealedPart, number[]> {
  const found = new Map<SealedPart, number[]>();
  if (sealed.count === 0) return found;
  for (const seq of seqs) {
    if (seq > sealed.lastSeq) break;
    const part = sealed.parts[sealed.locate(seq)];
    if (part.entry.firstSeq > seq) continue;
    const own = found.get(part);
    if (own === undefined) found.set(part, [seq]);
    else own.push(seq);
  }
  return found;
}

/** Records of one part by their seqs. */
class SeqMatch implements PartMatch {
  readonly part: SealedPart;
  readonly blocks: number[] = [];
  readonly slots: number[] = [];
  readonly seqs: number[] = [];
  readonly sizes: number[] = [];
  readonly #index: PartIndex;
  readonly #chunk: (block: number) => Chunk;

  constructor(part: SealedPart, index: PartIndex, chunk: (block: number) => Chunk) {
    this.part = part;
    this.#index = index;
    this.#chunk = chunk;
  }

  /** A seq that the part does not hold is left out. */
  add(seq: number): void {
    const block = this.#index.blockOf(seq);
    if (block >= this.#index.blocks || this.#index.firstSeq(block) > seq) return;
    const chunk = this.#chunk(block);
    const slot = chunk.slot(seq);
    if (slot >= chunk.count || chunk.seq(slot) !== seq) return;
    this.blocks.push(block);
    this.slots.push(slot);
    this.seqs.push(seq);
    this.sizes.push(chunk.payloadBytes(slot));
  }
}
