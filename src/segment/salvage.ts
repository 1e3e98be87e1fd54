/**
 * Gets out of a damaged segment file whatever is still as it was written (spec 6.6, `topics repair`): blocks through the
 * indexes that are sound, and elsewhere by their own headers. Of what is missing it tells what is known.
 */
import { hash64 } from "../base/hash.ts";
import { blockHeaderBytes, blockMagic, decodeBlockHeader, segmentHeaderBytes, type BlockHeader } from "./format.ts";
import type { PartIndex } from "./index.ts";
import type { PartEntry } from "./part-entry.ts";
import { blockName, partName, type OpenSegment, type PartName } from "./reader.ts";

export type Salvaged =
  /**
   * The payload, which lies at `at` in the file, is not to be kept beyond the next step. `block` is its number in its part,
   * where an index tells that.
   */
  | {
      readonly kind: "block";
      readonly part: PartName;
      readonly records: number;
      readonly at: number;
      readonly block: number | undefined;
      readonly payload: Buffer;
    }
  /** Seqs of a part that no block was found for; some may never have been used. */
  | { readonly kind: "lost"; readonly part: PartName; readonly reason: string };

/**
 * In the order of the file. `known`: parts that are known from elsewhere, in case the file's own directory is damaged;
 * where neither tells, all of the file is searched, and nothing can be said of what is lost but for blocks whose header
 * is there.
 */
export async function* salvage(segment: OpenSegment, known: readonly PartEntry[] = []): AsyncGenerator<Salvaged> {
  const parts = [...(segment.parts ?? known)].sort((a, b) => a.ordinal - b.ordinal);
  let end = segmentHeaderBytes;
  for (const entry of parts) {
    const index = await segment.index(entry);
    const indexAt = Math.min(entry.index.at, segment.bytes);
    if (index.ok) {
      const start = index.value.extent(0).at - blockHeaderBytes;
      // Parts that nothing tells of may lie before it.
      if (start > end) yield* search(segment, end, start);
      yield* byIndex(segment, entry, index.value);
    } else {
      yield* bySearch(segment, entry, end, indexAt);
    }
    end = indexAt + entry.index.bytes;
  }
  if (segment.parts === undefined) yield* search(segment, end, segment.bytes);
}

async function* byIndex(segment: OpenSegment, entry: PartEntry, index: PartIndex): AsyncGenerator<Salvaged> {
  for (let block = 0; block < index.blocks; block++) {
    const part = blockName(entry, index, block);
    const payload = await segment.payload(entry, index, block);
    const { at } = index.extent(block);
    if (payload.ok) yield { kind: "block", part, records: index.records(block), at, block, payload: payload.value };
    else yield { kind: "lost", part, reason: payload.damage.reason };
  }
}

/** What was found in place of a part's blocks, and what is missing between them. */
async function* bySearch(segment: OpenSegment, entry: PartEntry, from: number, to: number): AsyncGenerator<Salvaged> {
  const whole = partName(entry);
  let next = entry.firstSeq;
  for await (const found of search(segment, from, to)) {
    const { part } = found;
    if (isOf(part, entry)) {
      if (part.firstSeq > next) yield lost(whole, next, part.firstSeq - 1);
      next = part.lastSeq + 1;
    }
    yield found;
  }
  if (next <= entry.lastSeq) yield lost(whole, next, entry.lastSeq);
}

function lost(part: PartName, firstSeq: number, lastSeq: number): Salvaged {
  return { kind: "lost", part: { ...part, firstSeq, lastSeq }, reason: "no block was found that holds them" };
}

function isOf(part: PartName, entry: PartEntry): boolean {
  return part.ordinal === entry.ordinal && part.topicId === entry.topicId && part.epoch === entry.epoch;
}

const windowBytes = 1 << 20;
/** What one bad sector may hide. */
const pageBytes = 4096;
const magicBytes = Buffer.alloc(4);
magicBytes.writeUInt32LE(blockMagic);

/** Blocks by their headers, whose check tells them from anything that only looks like one. */
async function* search(segment: OpenSegment, from: number, to: number): AsyncGenerator<Salvaged> {
  let at = from;
  while (at + blockHeaderBytes <= to) {
    const bytes = await readable(segment, at, to);
    if (bytes === undefined) {
      at += pageBytes - (at % pageBytes);
      continue;
    }
    let next = 0;
    for (let header = headerFrom(bytes, 0, at); header !== undefined; header = headerFrom(bytes, next, at)) {
      const payload = await payloadOf(segment, header, bytes, at);
      const part = partName(header);
      if (typeof payload === "string") yield { kind: "lost", part, reason: payload };
      else
        yield {
          kind: "block",
          part,
          records: header.records,
          at: header.at + blockHeaderBytes,
          block: undefined,
          payload,
        };
      next = header.at - at + blockHeaderBytes + header.payloadBytes;
    }
    // A header may begin in the last bytes of what was looked at.
    at += Math.max(next, at + bytes.length === to ? bytes.length : bytes.length - blockHeaderBytes + 1);
  }
}

async function readable(segment: OpenSegment, at: number, to: number): Promise<Buffer | undefined> {
  for (const most of [windowBytes, pageBytes]) {
    const bytes = await segment.raw(at, Math.min(most, to - at));
    if (typeof bytes !== "string") return bytes;
  }
  return undefined;
}

/** The first sound header from `from` on in `bytes`, which lie at `at` in the file. */
function headerFrom(bytes: Buffer, from: number, at: number): BlockHeader | undefined {
  for (let i = bytes.indexOf(magicBytes, from); i >= 0; i = bytes.indexOf(magicBytes, i + 1)) {
    const decoded = decodeBlockHeader(bytes.subarray(i, i + blockHeaderBytes), at + i);
    if (decoded.outcome === "sound") return decoded.value;
  }
  return undefined;
}

async function payloadOf(
  segment: OpenSegment,
  header: BlockHeader,
  bytes: Buffer,
  at: number,
): Promise<Buffer | string> {
  const start = header.at + blockHeaderBytes;
  const end = start + header.payloadBytes;
  if (end > segment.bytes) return "the file ends within it";
  const held = end <= at + bytes.length ? bytes.subarray(start - at, end - at) : undefined;
  const payload = held ?? (await segment.raw(start, header.payloadBytes));
  if (typeof payload === "string") return payload;
  return hash64(payload) === header.payloadHash ? payload : "checksum";
}
