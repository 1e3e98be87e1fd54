/**
 * A segment file, format 1 (spec 6.3, docs/storage-format.md): parts one after another, each of them blocks, tag table,
 * tag filter and index; then the directory of parts; then the footer. No byte lies between them, and every byte is under
 * a hash. Little-endian; `u64` values are at most 2^53-1, hashes are XXH64.
 *
 * File header (56 bytes)               Footer (64 bytes, the file's last)
 *    0  u64  magic                        0  u64  magic
 *    8  u32  format version               8  u64  file number
 *   12  u32  checksum algorithm          16  u64  number of parts
 *   16  16 B directory id                24  u64  directory of parts: place
 *   32  u64  file number                 32  u64  its length, bytes
 *   40  u64  stamp, µs                   40  u64  its hash
 *   48  u64  hash of all before it       48  u64  length of the file
 *                                        56  u64  hash of all before it, in the footer
 *
 * Block header (64 bytes, then the payload)
 *    0  u32  magic                       36  u32  records
 *    4  u32  length of the payload       40  u64  own offset in the file
 *    8  u32  file number                 48  u64  hash of the payload
 *   12  u32  ordinal of the part         56  u64  hash of all before it
 *   16  u32  topic id
 *   20  u32  epoch
 *   24  u64  first seq
 *   32  u32  last seq less the first
 *
 * A block header is not needed to read a sound file: it is there so that a block can be found, and believed, alone.
 */
import { assert } from "../base/assert.ts";
import { hash64 } from "../base/hash.ts";
import { readU64, writeU64 } from "../base/u64.ts";
import type { Extent } from "./extent.ts";

export const segmentHeaderBytes = 56;
export const segmentFooterBytes = 64;
export const blockHeaderBytes = 64;
/** A part's seqs and a file's number are less than this apart from the first, and from 0. */
export const two32 = 0x1_0000_0000;

const headerMagic = 0x3147_4553_5343_5054n;
const footerMagic = 0x444e_4553_5343_5054n;
export const blockMagic = 0x3142_5254;
export const formatVersion = 1;
export const checksumXxh64 = 1;

export interface SegmentHeader {
  /** 32 hex digits. */
  readonly directoryId: string;
  readonly file: number;
  readonly stamp: number;
}

export interface SegmentFooter {
  readonly file: number;
  readonly parts: number;
  readonly directory: Extent;
  readonly fileBytes: number;
}

export interface BlockHeader {
  readonly payloadBytes: number;
  readonly file: number;
  readonly ordinal: number;
  readonly topicId: number;
  readonly epoch: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly records: number;
  /** Of the header itself. */
  readonly at: number;
  readonly payloadHash: bigint;
}

export type Decoded<T> =
  | { readonly outcome: "sound"; readonly value: T }
  | { readonly outcome: "damaged" | "version"; readonly reason: string };

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const { bytes, view } = blank(segmentHeaderBytes);
  view.setBigUint64(0, headerMagic, true);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, checksumXxh64, true);
  bytes.set(idBytes(header.directoryId), 16);
  writeU64(view, 32, header.file);
  writeU64(view, 40, header.stamp);
  return sealed(bytes, view);
}

export function decodeSegmentHeader(bytes: Uint8Array): Decoded<SegmentHeader> {
  if (bytes.length !== segmentHeaderBytes) return damaged("shorter than its header");
  const view = viewOf(bytes);
  if (view.getBigUint64(0, true) !== headerMagic) return damaged("not a segment file");
  // Before the hash: a later version may have another header altogether.
  const version = view.getUint32(8, true);
  const algorithm = view.getUint32(12, true);
  if (!isSealed(bytes, view)) {
    if (version !== formatVersion) return damaged(`header checksum; the format version reads ${version}`);
    return damaged("header checksum");
  }
  if (version !== formatVersion) return { outcome: "version", reason: `format version ${version} is not known` };
  if (algorithm !== checksumXxh64)
    return { outcome: "version", reason: `checksum algorithm ${algorithm} is not known` };
  const file = readU64(view, 32);
  const stamp = readU64(view, 40);
  if (file === undefined || stamp === undefined) return damaged("a number out of range");
  return sound({ directoryId: idText(bytes.subarray(16, 32)), file, stamp });
}

export function encodeSegmentFooter(footer: SegmentFooter): Uint8Array {
  const { bytes, view } = blank(segmentFooterBytes);
  view.setBigUint64(0, footerMagic, true);
  writeU64(view, 8, footer.file);
  writeU64(view, 16, footer.parts);
  writeU64(view, 24, footer.directory.at);
  writeU64(view, 32, footer.directory.bytes);
  view.setBigUint64(40, footer.directory.hash, true);
  writeU64(view, 48, footer.fileBytes);
  return sealed(bytes, view);
}

/** `fileBytes`: how long the file is found to be. */
export function decodeSegmentFooter(bytes: Uint8Array, fileBytes: number): Decoded<SegmentFooter> {
  if (bytes.length !== segmentFooterBytes) return damaged("shorter than its footer");
  const view = viewOf(bytes);
  if (view.getBigUint64(0, true) !== footerMagic) return damaged("no footer at its end");
  if (!isSealed(bytes, view)) return damaged("footer checksum");
  const [file, parts, at, length, declared] = [8, 16, 24, 32, 48].map((place) => readU64(view, place));
  if (file === undefined || parts === undefined || at === undefined || length === undefined || declared === undefined)
    return damaged("a number out of range");
  if (declared !== fileBytes) return damaged(`the footer says ${declared} bytes, the file has ${fileBytes}`);
  if (at < segmentHeaderBytes || at + length + segmentFooterBytes !== fileBytes)
    return damaged("the footer names no place for a directory of parts");
  return sound({
    file,
    parts,
    directory: { at, bytes: length, hash: view.getBigUint64(40, true) },
    fileBytes: declared,
  });
}

export function encodeBlockHeader(header: BlockHeader): Uint8Array {
  assert(header.lastSeq >= header.firstSeq, "seqs of a block ascend");
  const { bytes, view } = blank(blockHeaderBytes);
  view.setUint32(0, blockMagic, true);
  view.setUint32(4, header.payloadBytes, true);
  view.setUint32(8, header.file, true);
  view.setUint32(12, header.ordinal, true);
  view.setUint32(16, header.topicId, true);
  view.setUint32(20, header.epoch, true);
  writeU64(view, 24, header.firstSeq);
  view.setUint32(32, header.lastSeq - header.firstSeq, true);
  view.setUint32(36, header.records, true);
  writeU64(view, 40, header.at);
  view.setBigUint64(48, header.payloadHash, true);
  return sealed(bytes, view);
}

/** `at`: where it was found. */
export function decodeBlockHeader(bytes: Uint8Array, at: number): Decoded<BlockHeader> {
  if (bytes.length !== blockHeaderBytes) return damaged("shorter than a block header");
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== blockMagic) return damaged("no block header");
  if (!isSealed(bytes, view)) return damaged("block header checksum");
  const firstSeq = readU64(view, 24);
  const own = readU64(view, 40);
  if (firstSeq === undefined || own === undefined) return damaged("a number out of range");
  if (own !== at) return damaged(`a block header that belongs to ${own}`);
  const more = view.getUint32(32, true);
  const records = view.getUint32(36, true);
  if (records === 0 || records > more + 1) return damaged("more records than seqs");
  return sound({
    payloadBytes: view.getUint32(4, true),
    file: view.getUint32(8, true),
    ordinal: view.getUint32(12, true),
    topicId: view.getUint32(16, true),
    epoch: view.getUint32(20, true),
    firstSeq,
    lastSeq: firstSeq + more,
    records,
    at,
    payloadHash: view.getBigUint64(48, true),
  });
}

export function damaged(reason: string): { readonly outcome: "damaged"; readonly reason: string } {
  return { outcome: "damaged", reason };
}

export function sound<T>(value: T): { readonly outcome: "sound"; readonly value: T } {
  return { outcome: "sound", value };
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function idBytes(directoryId: string): Uint8Array {
  assert(/^[0-9a-f]{32}$/.test(directoryId), "a directory id has 32 hex digits");
  return Buffer.from(directoryId, "hex");
}

export function idText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

function blank(length: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(length);
  return { bytes, view: viewOf(bytes) };
}

/** The last eight bytes become the hash of all before them. */
function sealed(bytes: Uint8Array, view: DataView): Uint8Array {
  view.setBigUint64(bytes.length - 8, hash64(bytes.subarray(0, -8)), true);
  return bytes;
}

function isSealed(bytes: Uint8Array, view: DataView): boolean {
  return view.getBigUint64(bytes.length - 8, true) === hash64(bytes.subarray(0, -8));
}
