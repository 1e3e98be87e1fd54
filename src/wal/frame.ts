/**
 * Frames, format 1 (spec 6.2, docs/storage-format.md): how one commit lies in a WAL file.
 *
 *      0  u32  magic                      48  u64  operation number
 *      4  u32  length of the whole frame  56  u64  commit stamp, µs
 *      8  u8   kind                       64  u64  first seq
 *      9  u8   payload encoding; 0x80 set: anchored           72  u32  count
 *     10  u8   number of shards, n        76  u32  prepared length of the file, in 4 KiB
 *     11  u8   shard                      80  u64  seq ceiling
 *     12  u32  payload length, anchor too 88  n × (u32 file index, u32 position / 8): known to be synced
 *     16  u32  file index             88+8n   u64  XXH64 of the header up to here
 *     20  u32  generation             96+8n   payload, padded with zeros to 8
 *     24  u64  own offset                …    u64  XXH64 of header and payload
 *     32  u64  hash of the frame before  …    u64  trailer
 *     40  u32  topic id
 *     44  u32  epoch
 *
 * Little-endian, 8-byte aligned. A frame is valid when both hashes, the trailer and its place fit. As written, the part
 * of a frame in any 512-byte sector is never all zero: the magic comes first, the header's hash last in the header, the
 * trailer last of all, and no 512 bytes of a payload are all zero. An anchor is 16 bytes in front of the payload: the seq of
 * the source and that of the destination, each as upper part and lower 31 bits, in words with their top bit set.
 */
import { assert } from "../base/assert.ts";
import { hash64 } from "../base/hash.ts";
import { readU64, writeU64 } from "../base/u64.ts";
import { anchoredFlag, type Draft, type FrameAnchor, type FrameFields, frameKind, payloadEncoding } from "./commit.ts";

export const sectorBytes = 512;
export const frameAlignment = 8;
/** Prepared lengths are kept in units of this. */
export const preparedUnit = 4096;
export const maxShards = 48;

const magic = 0x3146_5254;
const trailer = 0x2164_6e65_656d_6172n;
const vectorAt = 88;
const footBytes = 16;
const anchorBytes = 16;
const bias = 0x8000_0000;
const two31 = 0x8000_0000;

/** Where a frame is put, and what is known at that moment. */
export interface FramePlace {
  readonly shard: number;
  readonly fileIndex: number;
  readonly generation: number;
  readonly offset: number;
  readonly predecessorHash: bigint;
  readonly preparedBytes: number;
  readonly synced: readonly SyncedPlace[];
}

/** Everything before `position` in file `index` of a shard is known to be synced, and all its files before that one. */
export interface SyncedPlace {
  readonly index: number;
  readonly position: number;
}

export function headerBytes(shards: number): number {
  return vectorAt + 8 * shards + 8;
}

/** Frames without a payload: marks, finals, and the room that any frame needs at least. */
export function frameBytes(shards: number, payloadBytes: number): number {
  return headerBytes(shards) + align(payloadBytes) + footBytes;
}

/** What a frame has in front of its payload. */
export function anchorLength({ anchor }: Pick<FrameFields, "anchor">): number {
  return anchor === undefined ? 0 : anchorBytes;
}

export class FrameDraft implements Draft {
  readonly fields: FrameFields;
  /** The whole frame, aligned and complete but for what `sealFrame` writes. */
  readonly bytes: Buffer;
  readonly payload: Buffer;
  #release: (() => void) | undefined;

  constructor(
    fields: FrameFields,
    bytes: Buffer,
    shards: number,
    payloadBytes: number,
    release: (() => void) | undefined,
  ) {
    const anchored = anchorLength(fields);
    const payloadAt = headerBytes(shards) + anchored;
    assert(bytes.length === frameBytes(shards, anchored + payloadBytes), "a draft's buffer has the frame's length");
    this.fields = fields;
    this.bytes = bytes;
    this.payload = bytes.subarray(payloadAt, payloadAt + payloadBytes);
    this.#release = release;
    bytes.fill(0, payloadAt + payloadBytes, bytes.length - footBytes);
    if (fields.anchor !== undefined) writeAnchor(viewOf(bytes), headerBytes(shards), fields.anchor);
  }

  /** Nobody looks at the bytes any more. */
  release(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }
}

/** Writes header, hashes and trailer for the place the frame goes to; may be done again for another place. Returns its hash. */
export function sealFrame(draft: FrameDraft, place: FramePlace): bigint {
  const { bytes, fields } = draft;
  const shards = place.synced.length;
  const view = viewOf(bytes);
  assert(place.offset % frameAlignment === 0, "frames are aligned");
  assert(Number.isSafeInteger(fields.stamp) && fields.stamp > 0, "a frame has a stamp");
  view.setUint32(0, magic, true);
  view.setUint32(4, bytes.length, true);
  view.setUint8(8, fields.kind);
  view.setUint8(9, payloadEncoding.json | (fields.anchor === undefined ? 0 : anchoredFlag));
  view.setUint8(10, shards);
  view.setUint8(11, place.shard);
  view.setUint32(12, anchorLength(fields) + draft.payload.length, true);
  view.setUint32(16, place.fileIndex, true);
  view.setUint32(20, place.generation, true);
  writeU64(view, 24, place.offset);
  view.setBigUint64(32, place.predecessorHash, true);
  view.setUint32(40, fields.topicId, true);
  view.setUint32(44, fields.epoch, true);
  writeU64(view, 48, fields.op);
  writeU64(view, 56, fields.stamp);
  writeU64(view, 64, fields.firstSeq);
  view.setUint32(72, fields.count, true);
  view.setUint32(76, Math.floor(place.preparedBytes / preparedUnit), true);
  writeU64(view, 80, fields.ceiling);
  for (let shard = 0; shard < shards; shard++) {
    const known = place.synced[shard];
    view.setUint32(vectorAt + 8 * shard, known.index, true);
    view.setUint32(vectorAt + 8 * shard + 4, known.position / frameAlignment, true);
  }
  const headerHashAt = vectorAt + 8 * shards;
  view.setBigUint64(headerHashAt, nonZero(hash64(bytes.subarray(0, headerHashAt))), true);
  assertNoBlankSector(bytes, place.offset);
  const hashAt = bytes.length - footBytes;
  const hash = nonZero(hash64(bytes.subarray(0, hashAt)));
  view.setBigUint64(hashAt, hash, true);
  view.setBigUint64(hashAt + 8, trailer, true);
  return hash;
}

export interface Frame {
  readonly fields: FrameFields;
  readonly fileIndex: number;
  readonly offset: number;
  readonly length: number;
  readonly predecessorHash: bigint;
  readonly hash: bigint;
  readonly generation: number;
  readonly preparedBytes: number;
  readonly synced: readonly SyncedPlace[];
  readonly payload: Uint8Array;
}

/** What a header says by itself. */
export type FrameHeader = Omit<Frame, "hash" | "payload"> & {
  readonly payloadBytes: number;
  readonly anchored: boolean;
};

export type DecodedHeader =
  | {
      readonly outcome: "header";
      readonly length: number;
      readonly frame: FrameHeader;
    }
  | { readonly outcome: "blank" }
  | { readonly outcome: "bad"; readonly reason: string };

/** What a frame header must agree with to belong at a place. */
export interface ExpectedPlace {
  readonly shard: number;
  readonly shards: number;
  readonly fileIndex: number;
}

/** Decodes the header at `at`; `bytes` must hold `headerBytes(shards)` from there. */
export function decodeHeader(bytes: Uint8Array, at: number, offset: number, expected: ExpectedPlace): DecodedHeader {
  const headerHashAt = vectorAt + 8 * expected.shards;
  const header = bytes.subarray(at, at + headerHashAt + 8);
  assert(header.length === headerHashAt + 8, "a whole header is there");
  const view = viewOf(header);
  if (view.getUint32(0, true) !== magic) return isZero(header) ? { outcome: "blank" } : bad("no frame begins here");
  if (view.getBigUint64(headerHashAt, true) !== nonZero(hash64(header.subarray(0, headerHashAt))))
    return bad("header checksum");
  const length = view.getUint32(4, true);
  const payloadBytes = view.getUint32(12, true);
  if (length !== frameBytes(expected.shards, payloadBytes)) return bad("length does not fit the payload");
  const anchored = (view.getUint8(9) & anchoredFlag) !== 0;
  if (anchored && payloadBytes < anchorBytes) return bad("no room for an anchor");
  if (view.getUint8(10) !== expected.shards || view.getUint8(11) !== expected.shard)
    return bad("a frame of another shard");
  if (view.getUint32(16, true) !== expected.fileIndex || readU64(view, 24) !== offset)
    return bad("a frame of another place");
  const op = readU64(view, 48);
  const stamp = readU64(view, 56);
  const firstSeq = readU64(view, 64);
  const ceiling = readU64(view, 80);
  if (op === undefined || stamp === undefined || firstSeq === undefined || ceiling === undefined)
    return bad("a number out of range");
  const synced: SyncedPlace[] = [];
  for (let shard = 0; shard < expected.shards; shard++) {
    const place = vectorAt + 8 * shard;
    synced.push({ index: view.getUint32(place, true), position: view.getUint32(place + 4, true) * frameAlignment });
  }
  const fields: FrameFields = {
    kind: view.getUint8(8),
    topicId: view.getUint32(40, true),
    epoch: view.getUint32(44, true),
    op,
    stamp,
    firstSeq,
    count: view.getUint32(72, true),
    ceiling,
  };
  const frame = {
    fields,
    fileIndex: expected.fileIndex,
    offset,
    length,
    payloadBytes,
    anchored,
    predecessorHash: view.getBigUint64(32, true),
    generation: view.getUint32(20, true),
    preparedBytes: view.getUint32(76, true) * preparedUnit,
    synced,
  };
  return { outcome: "header", length, frame };
}

/** The frame's hash when hash and trailer fit; `undefined` otherwise. `bytes` is the whole frame. */
export function checkFrame(bytes: Uint8Array): bigint | undefined {
  const view = viewOf(bytes);
  const hashAt = bytes.length - footBytes;
  if (view.getBigUint64(hashAt + 8, true) !== trailer) return undefined;
  const hash = nonZero(hash64(bytes.subarray(0, hashAt)));
  return view.getBigUint64(hashAt, true) === hash ? hash : undefined;
}

/** A frame of which `bytes` are all, its hash checked. */
export function wholeFrame(header: FrameHeader, bytes: Uint8Array, hash: bigint): Frame {
  const at = headerBytes(header.synced.length);
  const payload = bytes.subarray(at + (header.anchored ? anchorBytes : 0), at + header.payloadBytes);
  if (!header.anchored) return { ...header, hash, payload };
  return { ...header, fields: { ...header.fields, anchor: readAnchor(viewOf(bytes), at) }, hash, payload };
}

function writeAnchor(view: DataView, at: number, { source, dest }: FrameAnchor): void {
  for (const [i, seq] of [source, dest].entries()) {
    view.setUint32(at + 8 * i, (bias | Math.floor(seq / two31)) >>> 0, true);
    view.setUint32(at + 8 * i + 4, (bias | (seq % two31)) >>> 0, true);
  }
}

function readAnchor(view: DataView, at: number): FrameAnchor {
  const seq = (from: number): number =>
    (view.getUint32(from, true) - bias) * two31 + (view.getUint32(from + 4, true) - bias);
  return { source: seq(at), dest: seq(at + 8) };
}

const knownKinds: ReadonlySet<number> = new Set<number>(Object.values(frameKind));

/** Kinds that format 1 names. What is not known is refused, never skipped (6.2). */
export function isKnownKind(kind: number): boolean {
  return knownKinds.has(kind);
}

/** By index: five times as quick as an iterator, and a start looks at every byte behind the end of the log. */
export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function bad(reason: string): DecodedHeader {
  return { outcome: "bad", reason };
}

function align(bytes: number): number {
  return Math.ceil(bytes / frameAlignment) * frameAlignment;
}

/** A hash is also evidence that its place was written, so it is never zero. */
function nonZero(hash: bigint): bigint {
  return hash === 0n ? 1n : hash;
}

/** Sectors that lie wholly inside the frame; the first and the last part hold magic and trailer. */
function assertNoBlankSector(bytes: Uint8Array, offset: number): void {
  const first = (sectorBytes - (offset % sectorBytes)) % sectorBytes;
  for (let at = first; at + sectorBytes <= bytes.length - footBytes; at += sectorBytes) {
    if (bytes[at] === 0) assert(!isZero(bytes.subarray(at, at + sectorBytes)), "no sector of a frame is all zero");
  }
}
