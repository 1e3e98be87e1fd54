/**
 * The tag filter of a part (spec 1.7, 6.3): a Bloom filter over its whole tags and over their first 1, 2, 4, 8, 16, 32 and
 * 64 bytes, so that it answers for equality and for prefixes. It may admit what is not there, never the reverse.
 *
 *    0  u32  magic        4  u32  probes per key, k        8  u32  number of bits, a multiple of 8        12  the bits
 *
 * A key's bits are (a + i × b) mod 2^32 mod bits, i from 0 to k−1, where a and b | 1 are two hashes of its bytes, below.
 */
import type { Predicate } from "../base/predicate.ts";
import { viewOf } from "./format.ts";
import { isWellFormed } from "./tag-order.ts";
export { tagRangeAdmits } from "./tag-range.ts";
export type { TagRange } from "./tag-range.ts";

export const tagFilterMagic = 0x314d_5254;
export const tagFilterHeadBytes = 12;
export const maxFilterBytes = 64 << 10;
const bitsPerKey = 10;
const mostProbes = 7;
const longestPrefix = 64;

export class TagFilter {
  readonly #bits: Uint8Array;
  readonly #count: number;
  readonly #probes: number;

  /** Made by `decodeTagFilter`. */
  constructor(bytes: Uint8Array) {
    const view = viewOf(bytes);
    this.#probes = view.getUint32(4, true);
    this.#count = view.getUint32(8, true);
    this.#bits = bytes.subarray(tagFilterHeadBytes);
  }

  get byteLength(): number {
    return overheadBytes + this.#bits.length;
  }

  /** False only when no tag of the part matches. */
  admits(predicate: Predicate): boolean {
    const key = keyOf(predicate);
    return key === undefined || this.#has(key);
  }

  #has({ a, b }: Key): boolean {
    for (let i = 0, probe = a; i < this.#probes; i++, probe = (probe + b) >>> 0) {
      const bit = probe % this.#count;
      if ((this.#bits[bit >>> 3] & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }
}

/** About what the object weighs. */
const overheadBytes = 200;

export type DecodedTagFilter =
  { readonly ok: true; readonly filter: TagFilter } | { readonly ok: false; readonly reason: string };

/** That they are the bytes of the extent is for the caller to have checked. The filter keeps them. */
export function decodeTagFilter(bytes: Uint8Array): DecodedTagFilter {
  if (bytes.length < tagFilterHeadBytes) return { ok: false, reason: "shorter than its head" };
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== tagFilterMagic) return { ok: false, reason: "not a tag filter" };
  const probes = view.getUint32(4, true);
  const bits = view.getUint32(8, true);
  if (probes < 1 || probes > mostProbes) return { ok: false, reason: "a number of probes that is none" };
  if (bits === 0 || bits !== 8 * (bytes.length - tagFilterHeadBytes))
    return { ok: false, reason: "length does not fit" };
  return { ok: true, filter: new TagFilter(bytes) };
}

/** Puts together the filter of a part. */
export class FilterBuilder {
  readonly #bytes: Uint8Array;
  readonly #bits: Uint8Array;
  readonly #count: number;
  readonly #probes: number;

  /** `keys`: how many different ones there will be. */
  constructor(keys: number) {
    const wanted = Math.max(8, Math.ceil((keys * bitsPerKey) / 8));
    const length = Math.min(wanted, maxFilterBytes - tagFilterHeadBytes);
    this.#count = 8 * length;
    this.#probes = Math.max(1, Math.min(mostProbes, Math.round((this.#count / Math.max(1, keys)) * Math.LN2)));
    this.#bytes = new Uint8Array(tagFilterHeadBytes + length);
    this.#bits = this.#bytes.subarray(tagFilterHeadBytes);
    const view = viewOf(this.#bytes);
    view.setUint32(0, tagFilterMagic, true);
    view.setUint32(4, this.#probes, true);
    view.setUint32(8, this.#count, true);
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** A tag in UTF-8, as it lies in `bytes`, and how many of its first bytes one has that was added before. */
  add(bytes: Uint8Array, start: number, end: number, common: number): void {
    eachKey(bytes, start, end, (length, whole, a, b) => {
      if (whole || length > common) this.#set(a, b);
    });
  }

  #set(a: number, b: number): void {
    for (let i = 0, probe = a; i < this.#probes; i++, probe = (probe + b) >>> 0) {
      const bit = probe % this.#count;
      this.#bits[bit >>> 3] |= 1 << (bit & 7);
    }
  }
}

/** Keys that a tag adds to those of one with which it has its first `common` bytes in common. */
export function newKeys(tagBytes: number, common: number): number {
  let keys = 1;
  for (let length = 1; length <= Math.min(tagBytes, longestPrefix); length *= 2) if (length > common) keys++;
  return keys;
}

interface Key {
  readonly a: number;
  readonly b: number;
}

/** The same predicate is asked of thousands of filters. */
const keys = new WeakMap<Predicate, { readonly key: Key | undefined }>();

function keyOf(predicate: Predicate): Key | undefined {
  const known = keys.get(predicate);
  if (known !== undefined) return known.key;
  const key = computeKey(predicate);
  keys.set(predicate, { key });
  return key;
}

/** `undefined` where a filter can't tell: a prefix of nothing, or what UTF-8 can't carry. */
function computeKey(predicate: Predicate): Key | undefined {
  const wanted = predicate.op === "Eq" ? predicate.value : predicate.prefix;
  if (!isWellFormed(wanted)) return undefined;
  let found: Key | undefined;
  const bytes = Buffer.from(wanted);
  eachKey(bytes, 0, bytes.length, (_, whole, a, b) => {
    if (!whole || predicate.op === "Eq") found = { a, b };
  });
  return found;
}

/** Every key of a tag: its prefixes from short to long, then itself. Two hashes go along over its bytes. */
function eachKey(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (length: number, whole: boolean, a: number, b: number) => void,
): void {
  let a = 0x811c_9dc5;
  let b = 0x9e37_79b9;
  for (let i = start; i < end; i++) {
    a = Math.imul(a ^ bytes[i], 0x0100_0193);
    b = Math.imul(((b << 5) | (b >>> 27)) ^ bytes[i], 0x9e37_79b1);
    const length = i + 1 - start;
    if (length <= longestPrefix && (length & (length - 1)) === 0)
      visit(length, false, finish(a ^ 1), (finish(b ^ length) | 1) >>> 0);
  }
  visit(end - start, true, finish(a), (finish(b) | 1) >>> 0);
}

/** Lets every bit of a hash depend on every other. */
function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
