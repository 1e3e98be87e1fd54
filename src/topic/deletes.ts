/**
 * Deleting records (spec 1.7): everything below a seq, everything with a tag, or the intersection, and nothing that came
 * after the call. `before_seq` alone cuts off the front; a match walks the tags' own lists, in memory and in the parts whose
 * filter admits it. What has to be read of sealed parts is read ahead of the commit: what cannot be read fails the call, and
 * the commit itself reads nothing.
 */
import { assert } from "../base/assert.ts";
import type { Predicate } from "../base/predicate.ts";
import { SegmentDamage } from "../segment/files.ts";
import type { PartIndex } from "../segment/index.ts";
import type { TagTable } from "../segment/tags.ts";
import type { RecordsDelete } from "./entries.ts";
import type { PartReads } from "./part-reads.ts";
import { holdCut, holdCutNow } from "./prefix-cut.ts";
import type { Retained } from "./retained.ts";
import type { SealedPart } from "./sealed-part.ts";
import type { Tail } from "./tail.ts";

/** Records of one part that match, dead ones perhaps among them, in order. */
export interface PartMatch {
  readonly part: SealedPart;
  readonly blocks: ArrayLike<number>;
  readonly slots: ArrayLike<number>;
  readonly seqs: readonly number[];
  readonly sizes: readonly number[];
}

/** Holds for as long as the topic's parts are the ones it was made for. */
export interface ResolvedDelete {
  readonly version: number;
  readonly matches: readonly PartMatch[];
  /** To be called once, when the delete has been made, or given up. */
  readonly letGo: () => void;
}

export const nothingHeld = (): void => undefined;

/** Told of live records that are taken out one by one. */
export type Removed = (seqs: readonly number[]) => void;

/** How many live records it took. Floors are not touched: what was asked for is not announced. */
export function removeRecords(
  retained: Retained,
  what: RecordsDelete,
  resolved: ResolvedDelete,
  gone?: Removed,
): number {
  const through = lastOf(what);
  if (what.match === undefined) {
    const span = retained.measureCut(through);
    retained.cutFront(span);
    return span.count;
  }
  return removeSealed(retained, resolved, through, gone) + removeFromTail(retained.tail, what.match, through, gone);
}

/** The last seq that may be deleted. */
export function lastOf({ beforeSeq, bound }: Pick<RecordsDelete, "beforeSeq" | "bound">): number {
  return Math.min(bound, (beforeSeq ?? Infinity) - 1);
}

export function removeFromTail(tail: Tail, match: Predicate, through: number, gone?: Removed): number {
  const { tags } = tail.labels;
  if (tags === undefined) return 0;
  let removed = 0;
  for (const id of tags.matching(match)) {
    const seqs = tags.seqs(id).filter((seq) => seq <= through && tail.isLive(seq));
    tail.remove(seqs);
    gone?.(seqs);
    removed += seqs.length;
  }
  return removed;
}

/** Reads what is not in the cache on the calling thread: replay. Throws `SegmentDamage`. */
export function resolveNow(retained: Retained, what: RecordsDelete, reads: PartReads): ResolvedDelete {
  const { match } = what;
  const { sealed } = retained;
  const matches: PartMatch[] = [];
  if (match === undefined) {
    const through = lastOf(what);
    const part = retained.partCutAt(through);
    return cutting(sealed, part && holdCutNow(part, through, reads));
  }
  for (const part of sealed.parts) {
    const table = reads.tagsFor(part.entry, match);
    const found = table && matchOf(part, part.index, table, match);
    if (found) matches.push(found);
  }
  return { version: sealed.version, matches, letGo: nothingHeld };
}

/** What a delete by tag takes, without holding anybody up. Rejects with `SegmentDamage`. */
export async function resolveMatch(retained: Retained, match: Predicate, reads: PartReads): Promise<ResolvedDelete> {
  const { sealed } = retained;
  const { version } = sealed;
  const matches: PartMatch[] = [];
  for (const part of [...sealed.parts]) {
    try {
      const found = await matchIn(part, match, reads);
      if (found) matches.push(found);
    } catch (error) {
      // What has left the topic meanwhile holds nothing that lives.
      if (!(error instanceof SegmentDamage) || sealed.parts.includes(part)) throw error;
    }
  }
  return { version, matches, letGo: nothingHeld };
}

/** What a delete takes for which nothing has to be read; `undefined` when something has. */
export function resolvedAtHand(retained: Retained, what: RecordsDelete): ResolvedDelete | undefined {
  const { sealed } = retained;
  if (what.match !== undefined && sealed.count > 0) return undefined;
  if (what.match === undefined && retained.partCutAt(lastOf(what)) !== undefined) return undefined;
  return cutting(sealed, undefined);
}

/** What a delete below a seq takes that ends in `part`. Rejects with `SegmentDamage`. */
export async function resolveCut(
  { sealed }: Retained,
  part: SealedPart,
  through: number,
  reads: PartReads,
): Promise<ResolvedDelete> {
  const { version } = sealed;
  return { ...cutting(sealed, await holdCut(part, through, reads)), version };
}

function cutting({ version }: Retained["sealed"], letGo: (() => void) | undefined): ResolvedDelete {
  return { version, matches: [], letGo: letGo ?? nothingHeld };
}

async function matchIn(part: SealedPart, match: Predicate, reads: PartReads): Promise<PartMatch | undefined> {
  const table = await reads.loadTagsFor(part.entry, match);
  if (table === undefined) return undefined;
  const index = await reads.loadIndex(part.entry);
  await loadSparse(part, index, table, match, reads);
  return matchOf(part, index, table, match);
}

/** Slots of blocks whose seqs have gaps are found in the blocks themselves. */
async function loadSparse(
  part: SealedPart,
  index: PartIndex,
  table: TagTable,
  match: Predicate,
  reads: PartReads,
): Promise<void> {
  let last = -1;
  for (const id of table.matching(match))
    for (const seq of table.seqs(id)) {
      const block = index.blockOf(seq);
      if (block === last || part.isContiguous(index, block)) continue;
      last = block;
      (await reads.loadChunk(part.entry, block)).block.unpin();
    }
}

function matchOf(part: SealedPart, index: PartIndex, table: TagTable, match: Predicate): PartMatch | undefined {
  const seqs: number[] = [];
  const sizes: number[] = [];
  for (const id of table.matching(match)) {
    for (const seq of table.seqs(id)) seqs.push(seq);
    for (const size of table.sizes(id)) sizes.push(size);
  }
  if (seqs.length === 0) return undefined;
  const blocks = new Uint32Array(seqs.length);
  const slots = new Uint32Array(seqs.length);
  for (let i = 0; i < seqs.length; i++) {
    blocks[i] = index.blockOf(seqs[i]);
    slots[i] = part.slotOf(index, blocks[i], seqs[i]);
  }
  return { part, blocks, slots, seqs, sizes };
}

export function removeSealed(retained: Retained, resolved: ResolvedDelete, through: number, gone?: Removed): number {
  if (retained.sealed.count === 0) return 0;
  assert(resolved.version === retained.sealed.version, "a delete is resolved for the parts that are there");
  const front = retained.frontSeq;
  let removed = 0;
  for (const { part, blocks, slots, seqs, sizes } of resolved.matches) {
    let count = 0;
    let bytes = 0;
    const taken: number[] = [];
    for (let i = 0; i < seqs.length; i++) {
      if (seqs[i] < front || seqs[i] > through || part.isDeleted(blocks[i], slots[i])) continue;
      part.kill(blocks[i], slots[i], sizes[i]);
      if (gone !== undefined) taken.push(seqs[i]);
      count++;
      bytes += sizes[i];
    }
    removed += count;
    if (count > 0) retained.sealed.removed(part, count, bytes);
    gone?.(taken);
  }
  if (removed > 0) retained.settle();
  return removed;
}
