/**
 * A block of a segment as a chunk (spec 6.3): the same rows over the same wire bytes as in a tail, so that reads make no
 * difference between the two. The payload is that of a `records` frame with a seq and a time for each record, and holds
 * its own tags and nodes: numbers of names are the block's own.
 */
import type { Predicate } from "../base/predicate.ts";
import { matches } from "../base/predicate.ts";
import type { Block } from "./block-pool.ts";
import { cell, cellsPerRow, Chunk, type ChunkNames, hopsShift } from "./chunk.ts";
import type { RecordsEntry } from "./records-format.ts";
import { readRecords } from "./records-reader.ts";

export type SealedBlock =
  { readonly ok: true; readonly chunk: Chunk } | { readonly ok: false; readonly reason: string };

/** `block` holds the payload in its first `payloadBytes`; the chunk takes over the caller's pin. */
export function sealedChunk(block: Block, payloadBytes: number, firstSeq: number, records: number): SealedBlock {
  const outcome = readRecords(block.bytes.subarray(0, payloadBytes));
  if (!outcome.ok) return outcome;
  const { entry } = outcome;
  if (entry.count !== records || !entry.retained) return { ok: false, reason: "a block holds something else" };
  const chunk = new Chunk(block, new BlockNames(entry), firstSeq, entry.ts, undefined);
  const rows = new Uint32Array(records * cellsPerRow);
  const deltas = new Uint32Array(records);
  let payload = 0;
  for (let i = 0, row = 0; i < records; i++, row += cellsPerRow) {
    const dataBytes = entry.dataBytes(i);
    const metaBytes = entry.metaBytes(i);
    rows[row + cell.start] = entry.wireAt + entry.start(i);
    rows[row + cell.dataBytes] = dataBytes;
    rows[row + cell.metaBytes] = metaBytes;
    rows[row + cell.age] = entry.tsDelta(i);
    rows[row + cell.tag] = entry.tag(i);
    rows[row + cell.node] = entry.node(i) | (entry.hops(i) << hopsShift);
    deltas[i] = entry.seqDelta(i);
    payload += dataBytes + metaBytes;
  }
  chunk.rows = rows;
  chunk.count = chunk.liveCount = records;
  chunk.liveBytes = payload;
  chunk.used = payloadBytes;
  if (deltas[records - 1] !== records - 1) chunk.seqDeltas = deltas;
  return { ok: true, chunk };
}

/** Names of one block: few, and looked for rarely. */
class BlockNames implements ChunkNames {
  readonly tags: ChunkNames["tags"];
  readonly nodes: ChunkNames["nodes"];

  constructor({ tags, nodes }: RecordsEntry) {
    this.tags = tags.length === 0 ? undefined : { name: (id) => tags[id - 1], matching: (what) => numbers(tags, what) };
    this.nodes =
      nodes.length === 0 ? undefined : { find: (node) => nodes.indexOf(node) + 1, name: (id) => nodes[id - 1] };
  }
}

function numbers(tags: readonly string[], predicate: Predicate): number[] {
  if (predicate.op === "Eq") {
    const place = tags.indexOf(predicate.value);
    return place < 0 ? [] : [place + 1];
  }
  const found: number[] = [];
  tags.forEach((tag, i) => {
    if (matches(predicate, tag)) found.push(i + 1);
  });
  return found;
}
