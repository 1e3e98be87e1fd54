/**
 * The header of a WAL file, format 1 (spec 6.2, docs/storage-format.md). It is written last, into the file's first
 * sector, once everything carried over from the predecessor is synced: a file without one is no part of the log.
 *
 *      0  u64  magic                      56  u64  prepared length, bytes
 *      8  u32  format version             64  u64  end of what was carried over, bytes
 *     12  u32  checksum algorithm         72  u32  predecessor's index, 0 for none
 *     16  16 B directory id               76  u32  layout
 *     32  u32  shard                      80  u64  predecessor's end, bytes
 *     36  u32  number of shards           88  u64  hash that the predecessor ends with
 *     40  u32  index                      96  64 B boot id, ASCII, padded with blanks
 *     44  u32  generation                160  u64  inode
 *     48  u64  commit stamp, µs          168  u64  birth time, ns
 *                                        504  u64  XXH64 of all before it
 *
 * The rest of the first 4 KiB is zero; frames begin behind it.
 */
import { assert } from "../base/assert.ts";
import { hash64 } from "../base/hash.ts";
import { readU64, writeU64 } from "../base/u64.ts";
import { isZero, sectorBytes, viewOf } from "./frame.ts";

export const firstFrameAt = 4096;

const magic = 0x314c_4157_5343_5054n;
const formatVersion = 1;
const checksumXxh64 = 1;
const bootIdBytes = 64;
const hashAt = sectorBytes - 8;

export interface Predecessor {
  /** 0: none, this is the first file of its shard. */
  readonly index: number;
  readonly end: number;
  readonly hash: bigint;
}

export interface WalFileHeader {
  /** 32 hex digits. */
  readonly directoryId: string;
  readonly layout: number;
  readonly shard: number;
  readonly shards: number;
  readonly index: number;
  readonly generation: number;
  readonly stamp: number;
  readonly preparedBytes: number;
  readonly carriedEnd: number;
  readonly predecessor: Predecessor;
  readonly bootId: string;
  readonly inode: bigint;
  readonly birthtimeNs: bigint;
}

/** The sector to write at offset 0. Its last eight bytes are the hash that the first frame's predecessor hash equals. */
export function encodeFileHeader(header: WalFileHeader): { sector: Uint8Array; hash: bigint } {
  const sector = new Uint8Array(sectorBytes);
  const view = viewOf(sector);
  view.setBigUint64(0, magic, true);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, checksumXxh64, true);
  sector.set(fromHex(header.directoryId), 16);
  view.setUint32(32, header.shard, true);
  view.setUint32(36, header.shards, true);
  view.setUint32(40, header.index, true);
  view.setUint32(44, header.generation, true);
  writeU64(view, 48, header.stamp);
  writeU64(view, 56, header.preparedBytes);
  writeU64(view, 64, header.carriedEnd);
  view.setUint32(72, header.predecessor.index, true);
  view.setUint32(76, header.layout, true);
  writeU64(view, 80, header.predecessor.end);
  view.setBigUint64(88, header.predecessor.hash, true);
  assert(header.bootId.length <= bootIdBytes, "boot ids are short");
  new TextEncoder().encodeInto(header.bootId.padEnd(bootIdBytes), sector.subarray(96, 96 + bootIdBytes));
  view.setBigUint64(160, BigInt.asUintN(64, header.inode), true);
  view.setBigUint64(168, BigInt.asUintN(64, header.birthtimeNs), true);
  const hash = hash64(sector.subarray(0, hashAt));
  view.setBigUint64(hashAt, hash, true);
  return { sector, hash };
}

export type DecodedFileHeader =
  | { readonly outcome: "header"; readonly header: WalFileHeader; readonly hash: bigint }
  | { readonly outcome: "blank" }
  | { readonly outcome: "bad" | "version"; readonly reason: string };

export function decodeFileHeader(sector: Uint8Array): DecodedFileHeader {
  if (sector.length < sectorBytes) return { outcome: "bad", reason: "shorter than a header" };
  if (isZero(sector.subarray(0, sectorBytes))) return { outcome: "blank" };
  const view = viewOf(sector);
  const hash = hash64(sector.subarray(0, hashAt));
  if (view.getBigUint64(hashAt, true) !== hash) return { outcome: "bad", reason: "header checksum" };
  if (view.getBigUint64(0, true) !== magic) return { outcome: "bad", reason: "not a WAL file" };
  const version = view.getUint32(8, true);
  if (version !== formatVersion) return { outcome: "version", reason: `format version ${version} is not known` };
  const checksum = view.getUint32(12, true);
  if (checksum !== checksumXxh64) return { outcome: "version", reason: `checksum algorithm ${checksum} is not known` };
  const [stamp, preparedBytes, carriedEnd, end] = [
    readU64(view, 48),
    readU64(view, 56),
    readU64(view, 64),
    readU64(view, 80),
  ];
  if (stamp === undefined || preparedBytes === undefined || carriedEnd === undefined || end === undefined)
    return { outcome: "bad", reason: "a number out of range" };
  const header: WalFileHeader = {
    directoryId: toHex(sector.subarray(16, 32)),
    layout: view.getUint32(76, true),
    shard: view.getUint32(32, true),
    shards: view.getUint32(36, true),
    index: view.getUint32(40, true),
    generation: view.getUint32(44, true),
    stamp,
    preparedBytes,
    carriedEnd,
    predecessor: { index: view.getUint32(72, true), end, hash: view.getBigUint64(88, true) },
    bootId: new TextDecoder().decode(sector.subarray(96, 96 + bootIdBytes)).trimEnd(),
    inode: view.getBigUint64(160, true),
    birthtimeNs: view.getBigUint64(168, true),
  };
  return { outcome: "header", header, hash };
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array {
  assert(/^[0-9a-f]{32}$/.test(text), "a directory id has 32 hex digits");
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
