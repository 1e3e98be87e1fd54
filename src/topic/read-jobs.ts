/**
 * Single records by their seqs (spec 5, 6.3): what is claimed, and what is moved into another topic. From the tail at once;
 * sealed ones through the same cache as every other read.
 */
import type { Chunk } from "./chunk.ts";
import type { Instance } from "./instance.ts";
import { fetch } from "./long-poll.ts";
import { SealedBlocks } from "./sealed-blocks.ts";

const dataKeyBytes = '"data":'.length;
const metaKeyBytes = ',"meta":'.length;

/** A record's parts, its own copy. */
export interface SingleRecord {
  readonly seq: number;
  readonly ts: number;
  readonly tag: string | undefined;
  readonly node: string | undefined;
  /** `"data":…,"meta":…`, the values verbatim. */
  readonly body: Buffer;
  readonly dataBytes: number;
  /** Of its value; 0 without one. */
  readonly metaBytes: number;
}

/** Those of the seqs, which ascend, that are live; a promise only where something has to be read. */
export function readSingles(topic: Instance, seqs: readonly number[]): SingleRecord[] | Promise<SingleRecord[]> {
  const blocks = new SealedBlocks(topic.deps.parts, false);
  const found = attempt(topic, seqs, blocks);
  if (found === undefined) return readOn(topic, seqs, blocks);
  blocks.release();
  return found;
}

async function readOn(topic: Instance, seqs: readonly number[], blocks: SealedBlocks): Promise<SingleRecord[]> {
  try {
    for (;;) {
      await fetch(topic, blocks);
      const found = attempt(topic, seqs, blocks);
      if (found !== undefined) return found;
    }
  } finally {
    blocks.release();
  }
}

/** `undefined` when something has to be read first; `blocks` knows what. */
function attempt(topic: Instance, seqs: readonly number[], blocks: SealedBlocks): SingleRecord[] | undefined {
  if (topic.mode !== "live") throw topic.notFound;
  const { tail, sealed } = topic.contents.retained;
  const found: SingleRecord[] = [];
  for (const seq of seqs) {
    if (tail.count > 0 && tail.isLive(seq)) {
      found.push(recordIn(tail.chunks[tail.locate(seq)], seq));
      continue;
    }
    if (sealed.count === 0 || seq > sealed.lastSeq || seq < topic.contents.retained.frontSeq) continue;
    const part = sealed.parts[sealed.locate(seq)];
    if (part.entry.firstSeq > seq) continue;
    const index = blocks.index(part);
    if (index === undefined) return undefined;
    const block = index.blockOf(seq);
    if (block >= index.blocks || index.firstSeq(block) > seq) continue;
    const chunk = blocks.chunk(part, block, block + 1);
    if (chunk === undefined) return undefined;
    const slot = chunk.slot(seq);
    if (slot < chunk.count && chunk.seq(slot) === seq && !chunk.isDeleted(slot)) found.push(recordIn(chunk, seq));
  }
  return found;
}

function recordIn(chunk: Chunk, seq: number): SingleRecord {
  const i = chunk.slot(seq);
  const dataBytes = chunk.dataBytes(i);
  const metaBytes = chunk.metaBytes(i);
  const end = chunk.end(i) - 1;
  const start = end - (metaBytes === 0 ? 0 : metaBytes + metaKeyBytes) - dataBytes - dataKeyBytes;
  const body = Buffer.from(chunk.block.bytes.subarray(start, end));
  const tag = chunk.tag(i);
  const node = chunk.node(i);
  const { tags, nodes } = chunk.names;
  return {
    seq,
    ts: chunk.ts(i),
    tag: tag === 0 ? undefined : tags?.name(tag),
    node: node === 0 ? undefined : nodes?.name(node),
    body,
    dataBytes,
    metaBytes,
  };
}
