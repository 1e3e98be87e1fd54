/**
 * What is read of sealed parts, through a cache that all topics share (spec 6.3): indexes, blocks, tag tables, filters.
 * Everything can be had in two ways: at once, on the calling thread, for what is decided synchronously (which slots
 * retention takes, replay); or ahead, so that it need not be. Damage is a `SegmentDamage`, from either.
 *
 * A block in the cache is pinned by it; who reads one across a wait pins it too.
 */
import type { Predicate } from "../base/predicate.ts";
import { decodePartIndex, type PartIndex } from "../segment/index.ts";
import type { Extent } from "../segment/extent.ts";
import { SegmentDamage, type SegmentFiles } from "../segment/files.ts";
import { decodeTagFilter, tagRangeAdmits, type TagFilter } from "../segment/filter.ts";
import type { PartEntry } from "../segment/part-entry.ts";
import { decodeTagTable, type TagTable } from "../segment/tags.ts";
import { BlockCache } from "../storage/block-cache.ts";
import type { Block, BlockPool } from "./block-pool.ts";
import type { Chunk } from "./chunk.ts";
import { sealedChunk } from "./sealed-block.ts";

type Kept =
  | { readonly kind: "index"; readonly index: PartIndex }
  | { readonly kind: "chunk"; readonly chunk: Chunk }
  | { readonly kind: "tags"; readonly table: TagTable }
  | { readonly kind: "filter"; readonly filter: TagFilter };

export class PartReads {
  readonly #files: SegmentFiles;
  readonly #pool: BlockPool;
  readonly #cache: BlockCache<Kept>;
  readonly #loading = new Map<string, Promise<unknown>>();
  /** Stays at hand whatever the cache does. */
  readonly #held = new Map<string, { readonly kept: Kept; holders: number }>();

  constructor(files: SegmentFiles, pool: BlockPool, cacheBytes: number) {
    this.#files = files;
    this.#pool = pool;
    this.#cache = new BlockCache<Kept>(cacheBytes, (kept) => {
      if (kept.kind === "chunk") kept.chunk.block.unpin();
    });
  }

  get cache(): { readonly hits: number; readonly misses: number; readonly bytes: number } {
    return this.#cache;
  }

  // --- at once ---------------------------------------------------------------------------------------------------

  index(entry: PartEntry): PartIndex {
    return this.cachedIndex(entry) ?? this.#keepIndex(entry, this.#files.readSync(entry.file, entry.index));
  }

  /** Pinned by the cache at most: to be used before anything else is read. */
  chunk(entry: PartEntry, index: PartIndex, block: number): Chunk {
    return this.cachedChunk(entry, block) ?? this.#readChunk(entry, index, block).chunk;
  }

  /** The block, pinned for the caller. */
  holdChunk(entry: PartEntry, index: PartIndex, block: number): Chunk {
    const { chunk, kept } = this.#readChunk(entry, index, block);
    if (kept) chunk.block.pin();
    return chunk;
  }

  #readChunk(entry: PartEntry, index: PartIndex, block: number): { chunk: Chunk; kept: boolean } {
    const extent = index.extent(block);
    const held = this.#pool.take(extent.bytes);
    try {
      this.#files.readSync(entry.file, extent, held.bytes);
    } catch (error) {
      held.unpin();
      throw error;
    }
    return this.#keepChunk(entry, index, block, held);
  }

  cachedIndex(entry: PartEntry): PartIndex | undefined {
    const kept = this.#atHand(keyOf(entry, "i"));
    return kept?.kind === "index" ? kept.index : undefined;
  }

  cachedChunk(entry: PartEntry, block: number): Chunk | undefined {
    const kept = this.#atHand(keyOf(entry, `b${block}`));
    return kept?.kind === "chunk" ? kept.chunk : undefined;
  }

  /** The table of a part whose filter admits the predicate; `undefined` where it does not. */
  tagsFor(entry: PartEntry, predicate: Predicate): TagTable | undefined {
    if (entry.tags === undefined || !tagRangeAdmits(entry.tags, predicate)) return undefined;
    const index = this.index(entry);
    if (index.tags === undefined) return undefined;
    if (index.filter !== undefined) {
      const filter =
        this.#cachedFilter(entry) ?? this.#keepFilter(entry, this.#files.readSync(entry.file, index.filter));
      if (!filter.admits(predicate)) return undefined;
    }
    return this.#cachedTags(entry) ?? this.#keepTags(entry, this.#files.readSync(entry.file, index.tags));
  }

  // --- ahead -----------------------------------------------------------------------------------------------------

  loadIndex(entry: PartEntry): Promise<PartIndex> {
    const cached = this.cachedIndex(entry);
    if (cached !== undefined) return Promise.resolve(cached);
    return this.#once(keyOf(entry, "i"), async () =>
      this.#keepIndex(entry, await this.#files.read(entry.file, entry.index)),
    );
  }

  /** The block, pinned for the caller. */
  async loadChunk(entry: PartEntry, block: number): Promise<Chunk> {
    const index = await this.loadIndex(entry);
    for (;;) {
      const cached = this.cachedChunk(entry, block);
      if (cached !== undefined) {
        cached.block.pin();
        return cached;
      }
      const key = keyOf(entry, `b${block}`);
      if (!this.#loading.has(key)) {
        let mine: Chunk | undefined;
        await this.#once(key, async () => {
          const { chunk, kept } = this.#keepChunk(entry, index, block, await this.#readBlock(entry, index, block));
          if (kept) chunk.block.pin();
          mine = chunk;
        });
        return mine!;
      }
      await this.#loading.get(key);
    }
  }

  async loadTagsFor(entry: PartEntry, predicate: Predicate): Promise<TagTable | undefined> {
    if (entry.tags === undefined || !tagRangeAdmits(entry.tags, predicate)) return undefined;
    const index = await this.loadIndex(entry);
    const { tags, filter: filterAt } = index;
    if (tags === undefined) return undefined;
    if (filterAt !== undefined) {
      const filter =
        this.#cachedFilter(entry) ??
        (await this.#once(keyOf(entry, "f"), async () =>
          this.#keepFilter(entry, await this.#files.read(entry.file, filterAt)),
        ));
      if (!filter.admits(predicate)) return undefined;
    }
    return (
      this.#cachedTags(entry) ??
      (await this.#once(keyOf(entry, "t"), async () => this.#keepTags(entry, await this.#files.read(entry.file, tags))))
    );
  }

  // --- until it is let go of -------------------------------------------------------------------------------------

  /** Keeps a part's index at hand, and the block that `pick` names, until what is returned is called. */
  async hold(entry: PartEntry, pick: (index: PartIndex) => number | undefined): Promise<() => void> {
    const index = await this.loadIndex(entry);
    const block = pick(index);
    const chunk = block === undefined ? undefined : await this.loadChunk(entry, block);
    return this.#hold(entry, index, block, chunk);
  }

  /** The same, read on the calling thread. */
  holdNow(entry: PartEntry, pick: (index: PartIndex) => number | undefined): () => void {
    const index = this.index(entry);
    const block = pick(index);
    const chunk = block === undefined ? undefined : this.#pinned(entry, index, block);
    return this.#hold(entry, index, block, chunk);
  }

  #pinned(entry: PartEntry, index: PartIndex, block: number): Chunk {
    const cached = this.cachedChunk(entry, block);
    if (cached === undefined) return this.holdChunk(entry, index, block);
    cached.block.pin();
    return cached;
  }

  #hold(entry: PartEntry, index: PartIndex, block: number | undefined, chunk: Chunk | undefined): () => void {
    const letGoIndex = this.#holding(keyOf(entry, "i"), { kind: "index", index });
    const letGoChunk = chunk && this.#holding(keyOf(entry, `b${block}`), { kind: "chunk", chunk });
    return () => {
      letGoIndex();
      letGoChunk?.();
      chunk?.block.unpin();
    };
  }

  #holding(key: string, kept: Kept): () => void {
    const held = this.#held.get(key) ?? { kept, holders: 0 };
    held.holders++;
    this.#held.set(key, held);
    return () => {
      if (--held.holders === 0) this.#held.delete(key);
    };
  }

  #atHand(key: string): Kept | undefined {
    return this.#cache.get(key) ?? this.#held.get(key)?.kept;
  }

  // --- ahead of need ---------------------------------------------------------------------------------------------

  /** Brings a block into the cache that will be asked for soon; whether that works out shows when it is. */
  prefetch(entry: PartEntry, block: number): void {
    if (this.cachedChunk(entry, block) !== undefined) return;
    this.loadChunk(entry, block).then(
      (chunk) => chunk.block.unpin(),
      (error: unknown) => {
        if (!(error instanceof SegmentDamage)) throw error;
      },
    );
  }

  // --- keeping ---------------------------------------------------------------------------------------------------

  #once<T>(key: string, load: () => Promise<T>): Promise<T> {
    const running = this.#loading.get(key) as Promise<T> | undefined;
    if (running !== undefined) return running;
    const started = load().finally(() => this.#loading.delete(key));
    this.#loading.set(key, started);
    return started;
  }

  #keepIndex(entry: PartEntry, bytes: Buffer): PartIndex {
    const decoded = decodePartIndex(bytes, entry);
    if (!decoded.ok) throw this.#damage(entry, entry.index, decoded.reason);
    this.#cache.set(keyOf(entry, "i"), { kind: "index", index: decoded.index }, decoded.index.byteLength);
    return decoded.index;
  }

  async #readBlock(entry: PartEntry, index: PartIndex, block: number): Promise<Block> {
    const extent = index.extent(block);
    // One that fails is left to the collector: a read that was given up may still be writing into it.
    const held = this.#pool.take(extent.bytes);
    await this.#files.read(entry.file, extent, held.bytes);
    return held;
  }

  /** `held` has the block's bytes, pinned. */
  #keepChunk(entry: PartEntry, index: PartIndex, block: number, held: Block): { chunk: Chunk; kept: boolean } {
    const extent = index.extent(block);
    const outcome = sealedChunk(held, extent.bytes, index.firstSeq(block), index.records(block));
    if (!outcome.ok) {
      held.unpin();
      throw this.#damage(entry, extent, outcome.reason);
    }
    const { chunk } = outcome;
    const size = held.bytes.length + chunk.rows.byteLength;
    const kept = this.#cache.set(keyOf(entry, `b${block}`), { kind: "chunk", chunk }, size);
    return { chunk, kept };
  }

  #cachedTags(entry: PartEntry): TagTable | undefined {
    const kept = this.#cache.get(keyOf(entry, "t"));
    return kept?.kind === "tags" ? kept.table : undefined;
  }

  #keepTags(entry: PartEntry, bytes: Buffer): TagTable {
    const decoded = decodeTagTable(bytes, entry);
    if (!decoded.ok) throw this.#damage(entry, this.index(entry).tags!, decoded.reason);
    this.#cache.set(keyOf(entry, "t"), { kind: "tags", table: decoded.table }, decoded.table.byteLength);
    return decoded.table;
  }

  #cachedFilter(entry: PartEntry): TagFilter | undefined {
    const kept = this.#cache.get(keyOf(entry, "f"));
    return kept?.kind === "filter" ? kept.filter : undefined;
  }

  #keepFilter(entry: PartEntry, bytes: Buffer): TagFilter {
    const decoded = decodeTagFilter(bytes);
    if (!decoded.ok) throw this.#damage(entry, this.index(entry).filter!, decoded.reason);
    this.#cache.set(keyOf(entry, "f"), { kind: "filter", filter: decoded.filter }, decoded.filter.byteLength);
    return decoded.filter;
  }

  /** The bytes are what was written, and yet not what this version writes. */
  #damage(entry: PartEntry, extent: Extent, reason: string): SegmentDamage {
    return new SegmentDamage(this.#files.path(entry.file), extent.at, extent.bytes, undefined, reason);
  }
}

function keyOf({ file, ordinal }: PartEntry, what: string): string {
  return `${file}.${ordinal}${what}`;
}
