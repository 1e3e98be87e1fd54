/** Where the pieces of a segment file lie, found by their magic and, for blocks, by the place that they say is theirs. */
import assert from "node:assert/strict";

export interface Spot {
  readonly at: number;
  readonly length: number;
}

export interface SegmentSpots {
  readonly blocks: readonly Spot[];
  readonly tagTable: number;
  readonly tagFilter: number;
  readonly index: number;
  readonly footer: number;
}

const blockHeaderBytes = 64;

export function segmentSpots(content: Uint8Array): SegmentSpots {
  const bytes = Buffer.from(content);
  const blocks: Spot[] = [];
  for (let at = bytes.indexOf("TRB1"); at >= 0; at = bytes.indexOf("TRB1", at + 1)) {
    if (bytes.readBigUInt64LE(at + 40) !== BigInt(at)) continue;
    blocks.push({ at, length: blockHeaderBytes + bytes.readUInt32LE(at + 4) });
  }
  assert.ok(blocks.length > 0, "a segment has blocks");
  const behind = blocks.at(-1)!.at + blocks.at(-1)!.length;
  const find = (magic: string): number => bytes.indexOf(magic, behind);
  return {
    blocks,
    tagTable: find("TRT1"),
    tagFilter: find("TRM1"),
    index: find("TRX1"),
    footer: bytes.lastIndexOf("TPCSSEND"),
  };
}
