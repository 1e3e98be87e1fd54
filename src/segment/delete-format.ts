/**
 * The delete companion of a segment file, format 1 (spec 6.3, docs/storage-format.md): a header, then entries of one
 * length, each with a hash over itself and the hash before it. So the last hash and the length stand for all of it.
 *
 * Header (48 bytes)                    Entry (48 bytes)
 *    0  u64  magic                        0  u32  ordinal of the part
 *    8  u32  format version               4  u32  block of the part
 *   12  u32  checksum algorithm           8  u32  first deleted slot of the block
 *   16  16 B directory id                12  u32  last deleted slot
 *   32  u64  segment file number         16  u64  payload bytes of the deleted records
 *   40  u64  hash of all before it       24  u64  commit stamp, µs
 *                                        32  u64  operation number
 *                                        40  u64  XXH64 of the hash before it, then of these 40 bytes
 */
import { assert } from "../base/assert.ts";
import { hash64 } from "../base/hash.ts";
import { readU64, writeU64 } from "../base/u64.ts";
import { checksumXxh64, damaged, formatVersion, idBytes, idText, sound, viewOf, type Decoded } from "./format.ts";

export const deleteHeaderBytes = 48;
export const deleteEntryBytes = 48;

const magic = 0x314c_4544_5343_5054n;
const hashAt = 40;
const two32 = 0x1_0000_0000;

export interface DeletedRange {
  readonly part: number;
  readonly block: number;
  /** Slots in the block, inclusive. */
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  readonly stamp: number;
  readonly op: number;
}

/** All of a `.del` file up to a place: what lies before it can't be other than it was. */
export interface DeleteEnd {
  readonly bytes: number;
  readonly hash: bigint;
}

export interface DeleteHeader {
  /** 32 hex digits. */
  readonly directoryId: string;
  readonly file: number;
}

/** A file that deletes nothing, and its end. */
export function encodeDeleteHeader(header: DeleteHeader): { readonly bytes: Uint8Array; readonly end: DeleteEnd } {
  const bytes = new Uint8Array(deleteHeaderBytes);
  const view = viewOf(bytes);
  view.setBigUint64(0, magic, true);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, checksumXxh64, true);
  bytes.set(idBytes(header.directoryId), 16);
  writeU64(view, 32, header.file);
  const hash = hash64(bytes.subarray(0, hashAt));
  view.setBigUint64(hashAt, hash, true);
  return { bytes, end: { bytes: deleteHeaderBytes, hash } };
}

export function decodeDeleteHeader(bytes: Uint8Array): Decoded<DeleteHeader & { readonly end: DeleteEnd }> {
  if (bytes.length < deleteHeaderBytes) return damaged("shorter than its header");
  const view = viewOf(bytes);
  if (view.getBigUint64(0, true) !== magic) return damaged("not a file of deletes");
  const hash = hash64(bytes.subarray(0, hashAt));
  const version = view.getUint32(8, true);
  if (view.getBigUint64(hashAt, true) !== hash)
    return damaged(
      version === formatVersion ? "header checksum" : `header checksum; the format version reads ${version}`,
    );
  if (version !== formatVersion) return { outcome: "version", reason: `format version ${version} is not known` };
  const algorithm = view.getUint32(12, true);
  if (algorithm !== checksumXxh64)
    return { outcome: "version", reason: `checksum algorithm ${algorithm} is not known` };
  const file = readU64(view, 32);
  if (file === undefined) return damaged("a number out of range");
  return sound({ directoryId: idText(bytes.subarray(16, 32)), file, end: { bytes: deleteHeaderBytes, hash } });
}

/** The ranges as they follow on `end`, and the end that makes. */
export function encodeDeletes(ranges: readonly DeletedRange[], end: DeleteEnd): { bytes: Uint8Array; end: DeleteEnd } {
  const bytes = new Uint8Array(ranges.length * deleteEntryBytes);
  const view = viewOf(bytes);
  let { hash } = end;
  let at = 0;
  for (const { part, block, first, last, bytes: payload, stamp, op } of ranges) {
    const isRange = part >= 0 && part < two32 && block >= 0 && block < two32 && first >= 0 && first <= last;
    assert(isRange && last < two32, "a deleted range is one");
    view.setUint32(at, part, true);
    view.setUint32(at + 4, block, true);
    view.setUint32(at + 8, first, true);
    view.setUint32(at + 12, last, true);
    writeU64(view, at + 16, payload);
    writeU64(view, at + 24, stamp);
    writeU64(view, at + 32, op);
    hash = chained(hash, bytes.subarray(at, at + hashAt));
    view.setBigUint64(at + hashAt, hash, true);
    at += deleteEntryBytes;
  }
  return { bytes, end: { bytes: end.bytes + bytes.length, hash } };
}

/** The first entry in `bytes`, given the hash before it; a reason where it is none. */
export function decodeDelete(bytes: Uint8Array, before: bigint): { range: DeletedRange; hash: bigint } | string {
  const view = viewOf(bytes);
  const hash = chained(before, bytes.subarray(0, hashAt));
  if (view.getBigUint64(hashAt, true) !== hash) return "checksum of a deleted range";
  const [part, block, first, last] = [0, 4, 8, 12].map((at) => view.getUint32(at, true));
  const [payload, stamp, op] = [16, 24, 32].map((at) => readU64(view, at));
  if (first > last || payload === undefined || stamp === undefined || op === undefined)
    return "a deleted range that is none";
  return { range: { part, block, first, last, bytes: payload, stamp, op }, hash };
}

const chain = new Uint8Array(8 + hashAt);
const chainView = viewOf(chain);

function chained(before: bigint, fields: Uint8Array): bigint {
  chainView.setBigUint64(0, before, true);
  chain.set(fields, 8);
  return hash64(chain);
}
