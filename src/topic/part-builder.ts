/**
 * Makes a part out of live records, block by block, and remembers which they were (spec 6.3): between the moment a record
 * is written into a block and the moment the part takes its place, it may be deleted. `install` asks for every record
 * whether it still lives, and marks the ones that do not.
 */
import type { SegmentWriter } from "../segment/writer.ts";
import type { PartEntry } from "../segment/part-entry.ts";
import type { Block } from "./block-pool.ts";
import type { Chunk } from "./chunk.ts";
import type { PartReads } from "./part-reads.ts";
import { giveBackRoom, takeRoom } from "./payload-room.ts";
import { type PlannedRuns, RecordRuns, type RunsLimit } from "./record-runs.ts";
import { SealedPart } from "./sealed-part.ts";

const maxBlockRecords = 1 << 16;

/** Where records come from: says later which of them are gone. */
export interface Origin {
  /** Whether any of them may be: most often none is, and then nobody is asked for each. */
  anyDead(): boolean;
  isDead(slot: number): boolean;
}

/** A block of a part; `slotOf` when what was added has other slots than the block. */
export function blockOrigin(part: SealedPart, block: number, slotOf = (slot: number): number => slot): Origin {
  return {
    anyDead: () => part.deathsOf(block) !== undefined,
    isDead: (slot) => part.isDeleted(block, slotOf(slot)),
  };
}

interface BuiltRun {
  readonly origin: Origin;
  readonly first: number;
  readonly count: number;
}

interface BuiltBlock {
  readonly runs: readonly BuiltRun[];
  readonly sizes: Uint32Array;
}

export class PartBuilder {
  readonly #writer: SegmentWriter;
  readonly #topicId: number;
  readonly #epoch: number;
  readonly #blocks: BuiltBlock[] = [];
  readonly #postings = new Map<string, { tag: string; seqs: number[]; sizes: number[] }>();
  readonly #pinned: Block[] = [];
  readonly #limit: RunsLimit;
  #runs: RecordRuns;
  #built: BuiltRun[] = [];

  constructor(writer: SegmentWriter, topicId: number, epoch: number, blockBytes: number) {
    this.#writer = writer;
    this.#topicId = topicId;
    this.#epoch = epoch;
    this.#limit = { records: maxBlockRecords, bytes: blockBytes };
    this.#runs = new RecordRuns(this.#limit);
  }

  /** Live records of a chunk of a part from a slot on; the chunk is pinned for as long as it is needed. */
  async add(chunk: Chunk, from: number, origin: Origin): Promise<void> {
    for (let at = from; at < chunk.count;) {
      at = this.#take(chunk, at, origin);
      if (at < chunk.count) await this.#endBlock();
    }
  }

  /**
   * Live records of a tail's chunks from a seq on. Those can be deleted and evicted all the while, and their names with them:
   * what is taken is written before anybody else has a turn.
   */
  async addTail(chunks: readonly Chunk[], fromSeq: number): Promise<void> {
    for (const chunk of chunks) {
      const origin = { anyDead: () => chunk.deleted !== undefined, isDead: (slot: number) => chunk.isDeleted(slot) };
      for (let at = chunk.slot(fromSeq); at < chunk.count;) {
        at = this.#take(chunk, at, origin);
        if (at < chunk.count) await this.#endBlock();
      }
    }
    if (this.#runs.count > 0) await this.#endBlock();
  }

  /** As many as fit, from a slot on; the next live one, or the end of the chunk. */
  #take(chunk: Chunk, from: number, origin: Origin): number {
    const at = chunk.isGone ? chunk.count : chunk.nextLive(from);
    if (at >= chunk.count) return chunk.count;
    chunk.block.pin();
    this.#pinned.push(chunk.block);
    return chunk.nextLive(
      this.#runs.take(chunk, at, (first, end) => this.#built.push({ origin, first, count: end - first })),
    );
  }

  /** `undefined` when there was no record, and then there is no part. */
  async end(): Promise<BuiltPart | undefined> {
    if (this.#runs.count > 0) await this.#endBlock();
    if (this.#blocks.length === 0) return undefined;
    return new BuiltPart(await this.#writer.endPart(this.#postings.values()), this.#blocks);
  }

  /** Lets go of what is pinned: the part is not made. */
  abandon(): void {
    for (const block of this.#pinned.splice(0)) block.unpin();
  }

  async #endBlock(): Promise<void> {
    const runs = this.#runs;
    const plan = runs.plan();
    const sizes = sizesOf(plan);
    this.#post(runs, sizes);
    const room = takeRoom(plan.layout.payloadBytes);
    const payload = room.subarray(0, plan.layout.payloadBytes);
    plan.write(payload);
    // Not before: whatever was to be sealed may be gone by now, and other topics' parts come behind.
    if (this.#blocks.length === 0) this.#writer.beginPart(this.#topicId, this.#epoch);
    this.#blocks.push({ runs: this.#built, sizes });
    this.#runs = new RecordRuns(this.#limit);
    this.#built = [];
    this.abandon();
    const { firstSeq, lastSeq, firstTs, lastTs, count: records } = runs;
    try {
      await this.#writer.block({ payload, firstSeq, lastSeq, firstTs, lastTs, records, bytes: sum(sizes) });
    } finally {
      giveBackRoom(room);
    }
  }

  #post(runs: RecordRuns, sizes: Uint32Array): void {
    let n = 0;
    runs.each((chunk, i) => {
      const size = sizes[n++];
      const id = chunk.tag(i);
      if (id === 0) return;
      const tag = chunk.names.tags!.name(id);
      let posting = this.#postings.get(tag);
      if (posting === undefined) {
        posting = { tag, seqs: [], sizes: [] };
        this.#postings.set(tag, posting);
      }
      posting.seqs.push(chunk.seq(i));
      posting.sizes.push(size);
    });
  }
}

/** A part that is written, and what its records were. */
export class BuiltPart {
  readonly entry: PartEntry;
  readonly #blocks: readonly BuiltBlock[];

  constructor(entry: PartEntry, blocks: readonly BuiltBlock[]) {
    this.entry = entry;
    this.#blocks = blocks;
  }

  /** As it is to be from now on, with `live` records and bytes; nothing may wait between this and its taking its place. */
  install(reads: PartReads, live: { readonly count: number; readonly bytes: number }): SealedPart {
    const part = new SealedPart(this.entry, reads, live.count, live.bytes);
    for (const [number, { runs, sizes }] of this.#blocks.entries()) {
      let slot = 0;
      for (const { origin, first, count } of runs) {
        if (origin.anyDead())
          for (let i = 0; i < count; i++) if (origin.isDead(first + i)) part.kill(number, slot + i, sizes[slot + i]);
        slot += count;
      }
    }
    return part;
  }
}

function sizesOf({ columns }: PlannedRuns): Uint32Array {
  const { dataBytes, metaBytes } = columns;
  const sizes = new Uint32Array(dataBytes.length);
  for (let i = 0; i < sizes.length; i++) sizes[i] = dataBytes[i] + metaBytes[i];
  return sizes;
}

function sum(values: Uint32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
