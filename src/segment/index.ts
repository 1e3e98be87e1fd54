/**
 * The index of a part (spec 6.3): where each block lies, which seqs and times it has, and where the tag table and its
 * filter are. Seq → block is a search in a few numbers in memory. What it says is checked against the part's entry, so
 * that a decoded index answers without further doubt.
 */
import { assert } from "../base/assert.ts";
import { readU64 } from "../base/u64.ts";
import type { Extent } from "./extent.ts";
import { blockHeaderBytes, segmentHeaderBytes, viewOf } from "./format.ts";
import {
  indexHeadBytes,
  indexMagic,
  indexRowBytes,
  indexTagsBytes,
  partIndexBytes,
  row,
  type TagPlaces,
} from "./index-layout.ts";
import type { PartEntry } from "./part-entry.ts";

export class PartIndex {
  readonly blocks: number;
  readonly tags: Extent | undefined;
  readonly filter: Extent | undefined;
  readonly #base: number;
  readonly #at: Float64Array;
  readonly #length: Uint32Array;
  readonly #hash: BigUint64Array;
  /** Ordinal of the block's first record; one more for the end. */
  readonly #firstRecord: Float64Array;
  readonly #firstSeq: Uint32Array;
  readonly #lastSeq: Uint32Array;
  readonly #firstTs: Float64Array;
  readonly #lastTs: Float64Array;
  readonly #bytes: Float64Array;

  /** Made by `decodePartIndex`, from bytes that were checked. */
  constructor(bytes: Uint8Array, firstSeq: number, blocks: number, places: TagPlaces | undefined) {
    this.blocks = blocks;
    this.tags = places?.tags;
    this.filter = places?.filter;
    this.#base = firstSeq;
    this.#at = new Float64Array(blocks);
    this.#length = new Uint32Array(blocks);
    this.#hash = new BigUint64Array(blocks);
    this.#firstRecord = new Float64Array(blocks + 1);
    this.#firstSeq = new Uint32Array(blocks);
    this.#lastSeq = new Uint32Array(blocks);
    this.#firstTs = new Float64Array(blocks);
    this.#lastTs = new Float64Array(blocks);
    this.#bytes = new Float64Array(blocks);
    const view = viewOf(bytes);
    let at = indexHeadBytes + (places === undefined ? 0 : indexTagsBytes);
    for (let i = 0; i < blocks; i++, at += indexRowBytes) {
      this.#at[i] = number(view, at + row.at);
      this.#length[i] = view.getUint32(at + row.length, true);
      this.#firstRecord[i + 1] = this.#firstRecord[i] + view.getUint32(at + row.records, true);
      this.#firstSeq[i] = view.getUint32(at + row.firstSeq, true);
      this.#lastSeq[i] = view.getUint32(at + row.lastSeq, true);
      this.#firstTs[i] = number(view, at + row.firstTs);
      this.#lastTs[i] = number(view, at + row.lastTs);
      this.#bytes[i] = number(view, at + row.bytes);
      this.#hash[i] = view.getBigUint64(at + row.hash, true);
    }
  }

  firstSeq(i: number): number {
    return this.#base + this.#firstSeq[i];
  }

  lastSeq(i: number): number {
    return this.#base + this.#lastSeq[i];
  }

  firstTs(i: number): number {
    return this.#firstTs[i];
  }

  lastTs(i: number): number {
    return this.#lastTs[i];
  }

  records(i: number): number {
    return this.#firstRecord[i + 1] - this.#firstRecord[i];
  }

  /** Ordinal in the part; `blocks` stands for the number of all records. */
  firstRecord(i: number): number {
    return this.#firstRecord[i];
  }

  bytes(i: number): number {
    return this.#bytes[i];
  }

  /** Of the payload. */
  extent(i: number): Extent {
    assert(i >= 0 && i < this.blocks, "no such block");
    return { at: this.#at[i], bytes: this.#length[i], hash: this.#hash[i] };
  }

  get byteLength(): number {
    return overheadBytes + this.blocks * indexRowBytes;
  }

  /** The first block whose last seq is not below `seq`; `blocks` when there is none. */
  blockOf(seq: number): number {
    return firstWhere(this.blocks, (i) => this.#base + this.#lastSeq[i] >= seq);
  }

  /** The last block whose first time is below `ts`; −1 when there is none. */
  blockBefore(ts: number): number {
    return firstWhere(this.blocks, (i) => this.#firstTs[i] >= ts) - 1;
  }
}

/** About what the object and its arrays weigh beside their elements. */
const overheadBytes = 1024;

export type DecodedPartIndex =
  { readonly ok: true; readonly index: PartIndex } | { readonly ok: false; readonly reason: string };

/** Whether these are the bytes of `entry.index` is for the caller to have checked. */
export function decodePartIndex(bytes: Uint8Array, entry: PartEntry): DecodedPartIndex {
  const tagged = entry.tags !== undefined;
  if (bytes.length !== partIndexBytes(entry.blocks, tagged)) return bad("an index of another length");
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== indexMagic) return bad("not an index");
  if (view.getUint32(4, true) !== entry.blocks) return bad("another number of blocks");
  if (view.getUint32(8, true) !== (tagged ? 1 : 0)) return bad("tags where there are none, or none where there are");
  const check = new RowCheck(entry);
  const rowsAt = indexHeadBytes + (tagged ? indexTagsBytes : 0);
  for (let i = 0; i < entry.blocks; i++) {
    const wrong = check.row(view, rowsAt + i * indexRowBytes);
    if (wrong !== undefined) return bad(`block ${i}: ${wrong}`);
  }
  const places = tagged ? tagPlaces(view) : undefined;
  const wrong = check.end(places);
  if (wrong !== undefined) return bad(wrong);
  return { ok: true, index: new PartIndex(bytes, entry.firstSeq, entry.blocks, places) };
}

/** Goes over the rows once and holds them against the entry and each other. */
class RowCheck {
  readonly #entry: PartEntry;
  #end = segmentHeaderBytes;
  #nextSeq = 0;
  #ts: number;
  #records = 0;
  #bytes = 0;

  constructor(entry: PartEntry) {
    this.#entry = entry;
    this.#ts = entry.firstTs;
  }

  row(view: DataView, at: number): string | undefined {
    const place = readU64(view, at + row.at);
    const firstTs = readU64(view, at + row.firstTs);
    const lastTs = readU64(view, at + row.lastTs);
    const bytes = readU64(view, at + row.bytes);
    if (place === undefined || firstTs === undefined || lastTs === undefined || bytes === undefined)
      return "a number out of range";
    const first = view.getUint32(at + row.firstSeq, true);
    const last = view.getUint32(at + row.lastSeq, true);
    const records = view.getUint32(at + row.records, true);
    const starts = this.#records === 0;
    if (starts ? first !== 0 || firstTs !== this.#entry.firstTs : first < this.#nextSeq) return "out of order";
    if (last < first || records === 0 || records > last - first + 1) return "counts that do not fit";
    if (firstTs < this.#ts || lastTs < firstTs) return "times out of order";
    if (starts ? place < this.#end + blockHeaderBytes : place !== this.#end + blockHeaderBytes)
      return "not behind the block before it";
    this.#end = place + view.getUint32(at + row.length, true);
    this.#nextSeq = last + 1;
    this.#ts = lastTs;
    this.#records += records;
    this.#bytes += bytes;
    return undefined;
  }

  /** Tag table, filter and index follow the last block, and each other. */
  end(places: TagPlaces | undefined): string | undefined {
    const entry = this.#entry;
    if (this.#nextSeq - 1 !== entry.lastSeq - entry.firstSeq) return "another last seq than the part's";
    if (this.#ts !== entry.lastTs) return "another last time than the part's";
    if (this.#records !== entry.records || this.#bytes !== entry.bytes) return "sums that are not the part's";
    let end = this.#end;
    for (const extent of places === undefined ? [] : [places.tags, places.filter]) {
      if (extent.at !== end) return "a tag table or filter at another place";
      end += extent.bytes;
    }
    return end === entry.index.at ? undefined : "an index at another place";
  }
}

function tagPlaces(view: DataView): TagPlaces {
  return { tags: extentAt(view, indexHeadBytes), filter: extentAt(view, indexHeadBytes + indexTagsBytes / 2) };
}

function extentAt(view: DataView, at: number): Extent {
  return {
    at: number(view, at),
    bytes: view.getUint32(at + 8, true),
    hash: view.getBigUint64(at + 12, true),
  };
}

/** −1, which fits nowhere, for what is out of range. */
function number(view: DataView, at: number): number {
  return readU64(view, at) ?? -1;
}

function firstWhere(count: number, holds: (i: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function bad(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
