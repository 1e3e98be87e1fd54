/**
 * A checkpoint file, format 1 (spec 6.4, docs/storage-format.md): head, sections one after another, footer. No byte lies
 * between them, and every byte is under a hash. Little-endian; `u64` values are at most 2^53-1, hashes are XXH64.
 *
 * Head (64 bytes, in every version)     Section (32 bytes, then the payload)
 *    0  u64  magic                         0  u32  kind
 *    8  u32  format version                4  u32  shard
 *   12  u32  checksum algorithm            8  u64  length of the payload
 *   16  16 B directory id                 16  u64  hash of the payload
 *   32  u64  number                       24  u64  chain: hash of the chain before it (8 bytes) and of the
 *   40  u64  stamp, µs                             24 bytes before
 *   48  u64  0
 *   56  u64  hash of all before it       Footer (40 bytes, the file's last)
 *                                          0  u64  magic
 *                                          8  u64  number of sections
 *                                         16  u64  length of the file
 *                                         24  u64  chain of the last section
 *                                         32  u64  hash of all before it, in the footer
 *
 * The chain begins with the head's hash, so that a section is valid in one place of one file only. Kinds and payloads
 * are their owners'.
 */
import { assert } from "../base/assert.ts";
import { hash64 } from "../base/hash.ts";
import { readU64, writeU64 } from "../base/u64.ts";

export const headBytes = 64;
export const sectionHeadBytes = 32;
export const footerBytes = 40;

const headMagic = 0x5450_4b43_5343_5054n;
const footerMagic = 0x444e_4543_5343_5054n;
const formatVersion = 1;
const checksumXxh64 = 1;
const headHashAt = headBytes - 8;
const chainAt = sectionHeadBytes - 8;
const footerHashAt = footerBytes - 8;
const maxU32 = 0xffff_ffff;

/** A part of a checkpoint. Owners keep each to about a MiB: one at a time is in memory. */
export interface Section {
  readonly kind: number;
  readonly shard: number;
  readonly payload: Uint8Array;
}

export interface CheckpointHead {
  /** 32 hex digits. */
  readonly directoryId: string;
  readonly number: number;
  readonly stamp: number;
}

export interface SectionHead {
  readonly kind: number;
  readonly shard: number;
  readonly payloadBytes: number;
  readonly payloadHash: bigint;
}

export interface Footer {
  readonly sections: number;
  readonly fileBytes: number;
  readonly chain: bigint;
}

export type Decoded<T> =
  | { readonly outcome: "sound"; readonly value: T }
  | { readonly outcome: "damaged" | "version"; readonly reason: string };

/** Its last eight bytes are where the chain begins. */
export function encodeHead(head: CheckpointHead): { bytes: Uint8Array; chain: bigint } {
  const { bytes, view } = blank(headBytes);
  view.setBigUint64(0, headMagic, true);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, checksumXxh64, true);
  assert(/^[0-9a-f]{32}$/.test(head.directoryId), "a directory id has 32 hex digits");
  bytes.set(Buffer.from(head.directoryId, "hex"), 16);
  writeU64(view, 32, head.number);
  writeU64(view, 40, head.stamp);
  const chain = hash64(bytes.subarray(0, headHashAt));
  view.setBigUint64(headHashAt, chain, true);
  return { bytes, chain };
}

export function decodeHead(bytes: Uint8Array): Decoded<{ readonly head: CheckpointHead; readonly chain: bigint }> {
  if (bytes.length !== headBytes) return damaged("shorter than its head");
  const view = viewOf(bytes);
  const chain = hash64(bytes.subarray(0, headHashAt));
  if (view.getBigUint64(headHashAt, true) !== chain) return damaged("the head's checksum does not fit");
  if (view.getBigUint64(0, true) !== headMagic) return damaged("not a checkpoint");
  const version = view.getUint32(8, true);
  if (version !== formatVersion) return { outcome: "version", reason: `format version ${version} is not known` };
  const checksum = view.getUint32(12, true);
  if (checksum !== checksumXxh64) return { outcome: "version", reason: `checksum algorithm ${checksum} is not known` };
  const number = readU64(view, 32);
  const stamp = readU64(view, 40);
  if (number === undefined || stamp === undefined) return damaged("a number out of range");
  const directoryId = Buffer.from(bytes.subarray(16, 32)).toString("hex");
  return { outcome: "sound", value: { head: { directoryId, number, stamp }, chain } };
}

/** `chain` is the one before; the new one comes back. */
export function encodeSectionHead(head: SectionHead, chain: bigint): { bytes: Uint8Array; chain: bigint } {
  const { bytes, view } = blank(sectionHeadBytes);
  assert(isU32(head.kind) && isU32(head.shard), "kind and shard of a section are u32");
  view.setUint32(0, head.kind, true);
  view.setUint32(4, head.shard, true);
  writeU64(view, 8, head.payloadBytes);
  view.setBigUint64(16, head.payloadHash, true);
  const next = chained(bytes, chain);
  view.setBigUint64(chainAt, next, true);
  return { bytes, chain: next };
}

export function decodeSectionHead(
  bytes: Uint8Array,
  chain: bigint,
): Decoded<{ readonly head: SectionHead; readonly chain: bigint }> {
  if (bytes.length !== sectionHeadBytes) return damaged("shorter than the head of a section");
  const view = viewOf(bytes);
  const next = chained(bytes, chain);
  if (view.getBigUint64(chainAt, true) !== next)
    return damaged("the head of a section does not follow what is before it");
  const payloadBytes = readU64(view, 8);
  if (payloadBytes === undefined) return damaged("a number out of range");
  const payloadHash = view.getBigUint64(16, true);
  const head = { kind: view.getUint32(0, true), shard: view.getUint32(4, true), payloadBytes, payloadHash };
  return { outcome: "sound", value: { head, chain: next } };
}

export function encodeFooter(footer: Footer): Uint8Array {
  const { bytes, view } = blank(footerBytes);
  view.setBigUint64(0, footerMagic, true);
  writeU64(view, 8, footer.sections);
  writeU64(view, 16, footer.fileBytes);
  view.setBigUint64(24, footer.chain, true);
  view.setBigUint64(footerHashAt, hash64(bytes.subarray(0, footerHashAt)), true);
  return bytes;
}

export function decodeFooter(bytes: Uint8Array): Decoded<Footer> {
  if (bytes.length !== footerBytes) return damaged("shorter than its footer");
  const view = viewOf(bytes);
  const hash = hash64(bytes.subarray(0, footerHashAt));
  if (view.getBigUint64(footerHashAt, true) !== hash) return damaged("the footer's checksum does not fit");
  if (view.getBigUint64(0, true) !== footerMagic) return damaged("no footer");
  const sections = readU64(view, 8);
  const fileBytes = readU64(view, 16);
  if (sections === undefined || fileBytes === undefined) return damaged("a number out of range");
  return { outcome: "sound", value: { sections, fileBytes, chain: view.getBigUint64(24, true) } };
}

function damaged(reason: string): { readonly outcome: "damaged"; readonly reason: string } {
  return { outcome: "damaged", reason };
}

function chained(sectionHead: Uint8Array, chain: bigint): bigint {
  const { bytes, view } = blank(sectionHeadBytes);
  view.setBigUint64(0, chain, true);
  bytes.set(sectionHead.subarray(0, chainAt), 8);
  return hash64(bytes);
}

function isU32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= maxU32;
}

function blank(length: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(length);
  return { bytes, view: viewOf(bytes) };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
