/**
 * The sealed blocks that one read asks for (spec 6.3, 1.8): at hand, in the cache, or missing. What was missing once is
 * held until the read is over, so that each attempt comes further than the one before, whatever the cache does.
 */
import type { Predicate } from "../base/predicate.ts";
import { SegmentDamage } from "../segment/files.ts";
import type { PartIndex } from "../segment/index.ts";
import type { TagTable } from "../segment/tags.ts";
import type { Chunk } from "./chunk.ts";
import type { PartReads } from "./part-reads.ts";
import type { Sealed } from "./sealed.ts";
import type { SealedPart } from "./sealed-part.ts";
import type { Bounds, Selection } from "./selection.ts";

/** Blocks of one part that are read together, when an answer needs them. */
const maxAhead = 8;
/** Beyond so many tags the blocks are looked through instead. */
const maxJumpTags = 64;

type Wanted =
  | { readonly what: "index"; readonly part: SealedPart }
  | { readonly what: "tags"; readonly part: SealedPart; readonly match: Predicate }
  | { readonly what: "blocks"; readonly part: SealedPart; readonly from: number; readonly to: number };

/** For one read: what it finds missing is fetched, and then held. */
export class SealedBlocks {
  readonly #reads: PartReads;
  /** The read cannot wait: what is missing is read on the calling thread. */
  readonly #now: boolean;
  readonly #indexes = new Map<SealedPart, PartIndex>();
  readonly #tags = new Map<SealedPart, TagTable | null>();
  readonly #chunks = new Map<string, Chunk>();
  #wanted: Wanted | undefined;
  /** The part that could not be read. */
  damaged: SealedPart | undefined;

  constructor(reads: PartReads, now: boolean) {
    this.#reads = reads;
    this.#now = now;
  }

  index(part: SealedPart): PartIndex | undefined {
    if (this.#now) return this.#reads.index(part.entry);
    const index = this.#indexes.get(part) ?? this.#reads.cachedIndex(part.entry);
    if (index === undefined) this.#wanted = { what: "index", part };
    return index;
  }

  /** `null`: the part's filter does not admit the predicate. */
  tags(part: SealedPart, match: Predicate): TagTable | null | undefined {
    if (this.#now) return this.#reads.tagsFor(part.entry, match) ?? null;
    const table = this.#tags.get(part);
    if (table === undefined) this.#wanted = { what: "tags", part, match };
    return table;
  }

  chunk(part: SealedPart, block: number, upTo: number): Chunk | undefined {
    const chunk = this.#chunks.get(keyOf(part, block)) ?? this.#hold(part, block) ?? this.#readNow(part, block);
    if (chunk === undefined) this.#wanted = { what: "blocks", part, from: block, to: upTo };
    return chunk && part.mark(chunk, block);
  }

  /** Reads what was missing. Rejects with `SegmentDamage`, unless the part has left the topic meanwhile. */
  async fetch(sealed: Pick<Sealed, "parts">): Promise<void> {
    const wanted = this.#wanted!;
    try {
      await this.#fetch(wanted);
    } catch (error) {
      if (!(error instanceof SegmentDamage)) throw error;
      if (!sealed.parts.includes(wanted.part)) return;
      this.damaged = wanted.part;
      throw error;
    }
  }

  async #fetch(wanted: Wanted): Promise<void> {
    const { part } = wanted;
    switch (wanted.what) {
      case "index":
        this.#indexes.set(part, await this.#reads.loadIndex(part.entry));
        return;
      case "tags":
        this.#tags.set(part, (await this.#reads.loadTagsFor(part.entry, wanted.match)) ?? null);
        return;
      case "blocks": {
        const blocks = Array.from({ length: wanted.to - wanted.from }, (_, i) => wanted.from + i);
        const loads = await Promise.allSettled(blocks.map((block) => this.#reads.loadChunk(part.entry, block)));
        for (const [i, load] of loads.entries())
          if (load.status === "fulfilled") this.#keep(part, blocks[i], load.value);
        // Of the first the read has to know; the others it may never need.
        if (loads[0].status === "rejected") throw loads[0].reason;
      }
    }
  }

  release(): void {
    for (const chunk of this.#chunks.values()) chunk.block.unpin();
    this.#chunks.clear();
  }

  /** A block of the cache stays only as long as nothing else is read, so it is held like one that was fetched. */
  #hold(part: SealedPart, block: number): Chunk | undefined {
    const cached = this.#reads.cachedChunk(part.entry, block);
    if (cached === undefined) return undefined;
    cached.block.pin();
    this.#keep(part, block, cached);
    return cached;
  }

  #readNow(part: SealedPart, block: number): Chunk | undefined {
    if (!this.#now) return undefined;
    const chunk = this.#reads.holdChunk(part.entry, part.index, block);
    this.#keep(part, block, chunk);
    return chunk;
  }

  #keep(part: SealedPart, block: number, chunk: Chunk): void {
    const key = keyOf(part, block);
    if (this.#chunks.has(key)) chunk.block.unpin();
    else this.#chunks.set(key, chunk);
  }
}

/** `more`: the answer has room for what is not sealed. */
export function selectSealed(
  sealed: Sealed,
  bounds: Bounds,
  match: Predicate | undefined,
  selection: Selection,
  blocks: SealedBlocks,
): "more" | "full" | "missing" {
  if (sealed.count === 0) return "more";
  for (let at = sealed.locate(bounds.from); at < sealed.parts.length; at++) {
    const part = sealed.parts[at];
    if (part.entry.firstSeq > bounds.until) return "full";
    const outcome = selectPart(part, bounds, match, selection, blocks);
    if (outcome !== "more") return outcome;
  }
  return "more";
}

function selectPart(
  part: SealedPart,
  bounds: Bounds,
  match: Predicate | undefined,
  selection: Selection,
  blocks: SealedBlocks,
): "more" | "full" | "missing" {
  let table: TagTable | undefined;
  if (match !== undefined) {
    if (part.entry.tags === undefined) return "more";
    const found = blocks.tags(part, match);
    if (found === undefined) return "missing";
    if (found === null) return "more";
    table = found;
  }
  const index = blocks.index(part);
  if (index === undefined) return "missing";
  const jump = table === undefined ? undefined : jumper(table, match!);
  let seq = Math.max(bounds.from, part.entry.firstSeq);
  for (;;) {
    if (jump !== undefined) seq = jump(seq);
    const block = index.blockOf(seq);
    if (block >= index.blocks) return "more";
    if (index.firstSeq(block) > bounds.until) return "full";
    const chunk = blocks.chunk(part, block, ahead(index, block, bounds, selection));
    if (chunk === undefined) return "missing";
    if (!selection.take(chunk)) return "full";
    seq = index.lastSeq(block) + 1;
  }
}

/** The block behind the last that an answer of this size can use. */
function ahead(index: PartIndex, block: number, bounds: Bounds, selection: Selection): number {
  const room = selection.room;
  let records = 0;
  let bytes = 0;
  let end = block;
  while (end < index.blocks && end - block < maxAhead && index.firstSeq(end) <= bounds.until) {
    if (end > block && (records >= room.records || bytes >= room.bytes)) break;
    records += end === block ? index.lastSeq(end) + 1 - Math.max(bounds.from, index.firstSeq(end)) : index.records(end);
    bytes += index.bytes(end);
    end++;
  }
  return end;
}

/** The first seq from another one on that carries a wanted tag; `undefined` where looking is cheaper than that. */
function jumper(table: TagTable, match: Predicate): ((seq: number) => number) | undefined {
  const ids = table.matching(match);
  if (ids.length > maxJumpTags) return undefined;
  const lists = ids.map((id) => table.seqs(id));
  const places = lists.map(() => 0);
  return (seq) => {
    let next = Infinity;
    for (const [n, list] of lists.entries()) {
      while (places[n] < list.length && list[places[n]] < seq) places[n]++;
      next = Math.min(next, list[places[n]] ?? Infinity);
    }
    return next;
  };
}

function keyOf({ entry }: SealedPart, block: number): string {
  return `${entry.file}.${entry.ordinal}.${block}`;
}
