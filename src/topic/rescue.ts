/**
 * A damaged part made whole again (spec 6.6): what can be read of it comes from its file, and the blocks that cannot from
 * frames of the log, where those are still to be had. The part that results takes the place of the damaged one.
 */
import { SegmentDamage } from "../segment/files.ts";
import type { PartIndex } from "../segment/index.ts";
import type { SegmentWriter } from "../segment/writer.ts";
import type { Instance } from "./instance.ts";
import { blockOrigin, PartBuilder } from "./part-builder.ts";
import type { RecordsEntry } from "./records-format.ts";
import type { PendingPart } from "./seal.ts";
import type { SealedPart } from "./sealed-part.ts";
import { Tail } from "./tail.ts";

/** A block that cannot be read; its records have contiguous seqs. */
export interface LostBlock {
  readonly block: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export class Rescue {
  readonly lost: readonly LostBlock[];
  readonly #topic: Instance;
  readonly #part: SealedPart;
  readonly #index: PartIndex;
  readonly #found: Tail;

  private constructor(topic: Instance, part: SealedPart, index: PartIndex, lost: readonly LostBlock[]) {
    this.#topic = topic;
    this.#part = part;
    this.#index = index;
    this.#found = new Tail(topic.deps.blocks);
    this.lost = lost;
  }

  /** `undefined` where nothing is lost, or too much: an index, or which seqs a block had. */
  static async begin(topic: Instance, part: SealedPart): Promise<Rescue | undefined> {
    const { parts: reads } = topic.deps;
    try {
      const index = await reads.loadIndex(part.entry);
      const lost: LostBlock[] = [];
      for (let block = 0; block < index.blocks; block++) {
        if (await isReadable(topic, part, block)) continue;
        if (!part.isContiguous(index, block)) return undefined;
        lost.push({ block, firstSeq: index.firstSeq(block), lastSeq: index.lastSeq(block) });
      }
      return lost.length === 0 ? undefined : new Rescue(topic, part, index, lost);
    } catch (error) {
      if (error instanceof SegmentDamage) return undefined;
      throw error;
    }
  }

  /** Times of what is lost, ms. */
  get times(): { readonly from: number; readonly to: number } {
    return { from: this.#index.firstTs(this.lost[0].block), to: this.#index.lastTs(this.lost.at(-1)!.block) };
  }

  /** A batch of the topic, in the order of the log. */
  offer(firstSeq: number, entry: RecordsEntry): void {
    const lastSeq = firstSeq + entry.seqDelta(entry.count - 1);
    if (!this.lost.some((block) => firstSeq <= block.lastSeq && lastSeq >= block.firstSeq)) return;
    const known = this.#found.chunks.at(-1)?.endSeq ?? 0;
    let start = 0;
    while (start < entry.count && firstSeq + entry.seqDelta(start) < known) start++;
    if (start < entry.count) this.#found.append(firstSeq, entry, undefined, start);
  }

  /** Every record of the lost blocks that is not deleted has been found. */
  get isComplete(): boolean {
    return this.lost.every(({ block, firstSeq, lastSeq }) => {
      for (let seq = firstSeq; seq <= lastSeq; seq++)
        if (!this.#part.isDeleted(block, seq - firstSeq) && !this.#found.isLive(seq)) return false;
      return true;
    });
  }

  async write(writer: SegmentWriter): Promise<PendingPart> {
    const { identity, deps } = this.#topic;
    const builder = new PartBuilder(writer, identity.id, identity.epoch, deps.blockBytes);
    try {
      for (let block = 0; block < this.#index.blocks; block++) {
        const lost = this.lost.find((one) => one.block === block);
        if (lost === undefined) await this.#addBlock(builder, block);
        else await this.#addFound(builder, lost);
      }
      return { built: await builder.end(), instead: { parts: [this.#part] } };
    } finally {
      builder.abandon();
    }
  }

  /** Lets go of what was found. */
  end(): void {
    this.#found.clear();
  }

  async #addBlock(builder: PartBuilder, block: number): Promise<void> {
    const part = this.#part;
    const chunk = await this.#topic.deps.parts.loadChunk(part.entry, block);
    try {
      part.mark(chunk, block);
      await builder.add(chunk, 0, blockOrigin(part, block));
    } finally {
      chunk.block.unpin();
    }
  }

  async #addFound(builder: PartBuilder, { block, firstSeq, lastSeq }: LostBlock): Promise<void> {
    const part = this.#part;
    const tail = this.#found;
    for (let at = tail.locate(firstSeq); at < tail.chunks.length && tail.chunks[at].firstSeq <= lastSeq; at++) {
      const chunk = tail.chunks[at];
      // What is deleted of the block, and what belongs to its neighbours, is left out.
      const left = new Uint32Array((chunk.count + 31) >>> 5);
      for (let slot = 0; slot < chunk.count; slot++) {
        const seq = chunk.seq(slot);
        const wanted = seq >= firstSeq && seq <= lastSeq && !part.isDeleted(block, seq - firstSeq);
        if (!wanted) left[slot >>> 5] |= 1 << (slot & 31);
      }
      chunk.deleted = left;
      await builder.add(
        chunk,
        0,
        blockOrigin(part, block, (slot) => chunk.seq(slot) - firstSeq),
      );
    }
  }
}

async function isReadable(topic: Instance, part: SealedPart, block: number): Promise<boolean> {
  try {
    (await topic.deps.parts.loadChunk(part.entry, block)).block.unpin();
    return true;
  } catch (error) {
    if (error instanceof SegmentDamage) return false;
    throw error;
  }
}
