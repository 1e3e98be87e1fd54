/** Parts with predictable content, for tests. */
import type { BlockInput, Posting, SegmentWriter } from "../writer.ts";
import type { PartEntry } from "../part-entry.ts";

export const directoryId = "0123456789abcdef0123456789abcdef";

export interface SamplePart {
  readonly topicId: number;
  readonly epoch: number;
  readonly blocks: readonly BlockInput[];
  readonly postings: readonly Posting[];
}

/** `blocks` blocks of `records` records each; record n has tag n modulo `tags.length`, or none. */
export function samplePart(
  topicId: number,
  shape: { blocks: number; records: number; tags?: readonly string[]; firstSeq?: number; payloadBytes?: number },
): SamplePart {
  const { blocks, records, tags = [], firstSeq = 1, payloadBytes = 40 } = shape;
  const postings = tags.map((tag) => ({ tag, seqs: [] as number[], sizes: [] as number[] }));
  for (let n = 0; n < blocks * records; n++) {
    if (tags.length === 0) break;
    postings[n % tags.length].seqs.push(firstSeq + n);
    postings[n % tags.length].sizes.push(10 + (n % 7));
  }
  return {
    topicId,
    epoch: topicId + 1,
    blocks: Array.from({ length: blocks }, (_, i) => ({
      payload: Buffer.from(`${topicId}/${i} `.repeat(payloadBytes).slice(0, payloadBytes)),
      firstSeq: firstSeq + i * records,
      lastSeq: firstSeq + (i + 1) * records - 1,
      firstTs: 1000 + i * 10,
      lastTs: 1000 + i * 10 + 9,
      records,
      bytes: 17 * records,
    })),
    postings: postings.filter(({ seqs }) => seqs.length > 0),
  };
}

export async function writePart(writer: SegmentWriter, part: SamplePart): Promise<PartEntry> {
  writer.beginPart(part.topicId, part.epoch);
  for (const block of part.blocks) await writer.block(block);
  return writer.endPart(part.postings);
}
