/**
 * The tag table of a part (spec 6.3): its distinct tags in order, and for each the records that carry it, so that a delete
 * or a filter costs what matches. Strings and numbers stay in the bytes that were read, until they are asked for.
 *
 *    0  u32  magic                        16  n × u32  start of each tag in the strings
 *    4  u32  number of tags, n                n × u32  number of the first posting of each tag
 *    8  u32  number of postings, m            m × u32  seq less the part's first, ascending within a tag
 *   12  u32  bytes of all strings             m × u32  payload bytes (`data`, `meta`) of that record
 *                                             the strings, UTF-8, in the order of their bytes
 */
import type { Predicate } from "../base/predicate.ts";
import { matches } from "../base/predicate.ts";
import { viewOf } from "./format.ts";
import type { PartEntry } from "./part-entry.ts";
import { isWellFormed } from "./tag-order.ts";
import { tagRange } from "./tag-range.ts";

export const tagTableMagic = 0x3154_5254;
export const tagTableHeadBytes = 16;

export class TagTable {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #firstSeq: number;
  readonly #tags: number;
  readonly #postings: number;

  /** Made by `decodeTagTable`, which checks before it trusts. */
  constructor(bytes: Uint8Array, firstSeq: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = viewOf(bytes);
    this.#firstSeq = firstSeq;
    this.#tags = this.#view.getUint32(4, true);
    this.#postings = this.#view.getUint32(8, true);
  }

  /** Number of distinct tags. */
  get size(): number {
    return this.#tags;
  }

  get postings(): number {
    return this.#postings;
  }

  get byteLength(): number {
    return overheadBytes + this.#bytes.length;
  }

  /** Numbers of the tags that match, ascending. */
  matching(predicate: Predicate): number[] {
    const wanted = predicate.op === "Eq" ? predicate.value : predicate.prefix;
    if (!isWellFormed(wanted)) return range(0, this.#tags).filter((i) => matches(predicate, this.tag(i)));
    const bytes = Buffer.from(wanted);
    const first = this.#firstWhere((i) => this.#compare(i, bytes) >= 0);
    if (predicate.op === "Glob")
      return range(
        first,
        this.#firstWhere((i) => this.#compareBeginning(i, bytes) > 0),
      );
    return first < this.#tags && this.#compare(first, bytes) === 0 ? [first] : [];
  }

  tag(i: number): string {
    return this.#bytes.toString("utf8", this.stringAt(i), this.stringAt(i + 1));
  }

  seqs(i: number): readonly number[] {
    const seqsAt = tagTableHeadBytes + 8 * this.#tags;
    return this.#column(seqsAt, i, this.#firstSeq);
  }

  sizes(i: number): readonly number[] {
    const sizesAt = tagTableHeadBytes + 8 * this.#tags + 4 * this.#postings;
    return this.#column(sizesAt, i, 0);
  }

  /** Number of records with that tag. */
  count(i: number): number {
    return this.postingAt(i + 1) - this.postingAt(i);
  }

  /** Place of tag `i` in the bytes; `size` stands for the end. */
  stringAt(i: number): number {
    if (i === this.#tags) return this.#bytes.length;
    return stringsAt(this.#tags, this.#postings) + this.#view.getUint32(tagTableHeadBytes + 4 * i, true);
  }

  /** Number of the first posting of tag `i`; `size` stands for the end. */
  postingAt(i: number): number {
    if (i === this.#tags) return this.#postings;
    return this.#view.getUint32(tagTableHeadBytes + 4 * (this.#tags + i), true);
  }

  #column(columnAt: number, i: number, base: number): number[] {
    const first = this.postingAt(i);
    const count = this.postingAt(i + 1) - first;
    const values = new Array<number>(count);
    for (let n = 0, at = columnAt + 4 * first; n < count; n++, at += 4)
      values[n] = base + this.#view.getUint32(at, true);
    return values;
  }

  #compare(i: number, wanted: Buffer): number {
    return this.#bytes.compare(wanted, 0, wanted.length, this.stringAt(i), this.stringAt(i + 1));
  }

  /** As if the tag ended where `wanted` does. */
  #compareBeginning(i: number, wanted: Buffer): number {
    const start = this.stringAt(i);
    const end = Math.min(this.stringAt(i + 1), start + wanted.length);
    return this.#bytes.compare(wanted, 0, wanted.length, start, end);
  }

  #firstWhere(holds: (i: number) => boolean): number {
    let low = 0;
    let high = this.#tags;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** About what the object and its views weigh. */
const overheadBytes = 400;

export type DecodedTagTable =
  { readonly ok: true; readonly table: TagTable } | { readonly ok: false; readonly reason: string };

/** That they are the bytes of the extent is for the caller to have checked. The table keeps them. */
export function decodeTagTable(bytes: Uint8Array, entry: PartEntry): DecodedTagTable {
  if (bytes.length < tagTableHeadBytes) return bad("shorter than its head");
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== tagTableMagic) return bad("not a tag table");
  const tags = view.getUint32(4, true);
  const postings = view.getUint32(8, true);
  if (tags === 0 || postings < tags || postings > entry.records) return bad("counts that do not fit");
  if (bytes.length !== stringsAt(tags, postings) + view.getUint32(12, true)) return bad("length does not fit");
  const wrong = wrongStarts(view, tags, postings) ?? wrongPostings(view, tags, postings, entry);
  if (wrong !== undefined) return bad(wrong);
  const table = new TagTable(bytes, entry.firstSeq);
  const unsorted = wrongStrings(bytes, table, entry);
  return unsorted === undefined ? { ok: true, table } : bad(unsorted);
}

export function stringsAt(tags: number, postings: number): number {
  return tagTableHeadBytes + 8 * tags + 8 * postings;
}

function wrongStarts(view: DataView, tags: number, postings: number): string | undefined {
  const stringBytes = view.getUint32(12, true);
  for (let i = 0, at = tagTableHeadBytes, string = 0, posting = -1; i < tags; i++, at += 4) {
    const stringStart = view.getUint32(at, true);
    const postingStart = view.getUint32(at + 4 * tags, true);
    if (i === 0 && (stringStart !== 0 || postingStart !== 0)) return "it does not begin at its beginning";
    if (stringStart < string || stringStart > stringBytes) return "strings out of order";
    if (postingStart <= posting || postingStart >= postings) return "postings out of order";
    string = stringStart;
    posting = postingStart;
  }
  return undefined;
}

function wrongPostings(view: DataView, tags: number, postings: number, entry: PartEntry): string | undefined {
  const startsAt = tagTableHeadBytes + 4 * tags;
  const seqsAt = startsAt + 4 * tags;
  const sizesAt = seqsAt + 4 * postings;
  const most = entry.lastSeq - entry.firstSeq;
  let bytes = 0;
  let tag = 0;
  let nextStart = 0;
  let previous = -1;
  for (let n = 0; n < postings; n++) {
    if (n === nextStart) {
      previous = -1;
      tag++;
      nextStart = tag < tags ? view.getUint32(startsAt + 4 * tag, true) : postings;
    }
    const seq = view.getUint32(seqsAt + 4 * n, true);
    if (seq <= previous || seq > most) return "seqs out of order";
    previous = seq;
    bytes += view.getUint32(sizesAt + 4 * n, true);
  }
  return bytes > entry.bytes ? "more bytes than the part has" : undefined;
}

function wrongStrings(bytes: Uint8Array, table: TagTable, entry: PartEntry): string | undefined {
  const last = table.size - 1;
  for (let i = 1; i <= last; i++)
    if (!ascends(bytes, table.stringAt(i - 1), table.stringAt(i), table.stringAt(i + 1))) return "tags out of order";
  const { least, greatest } = tagRange(table.tag(0), table.tag(last));
  return least === entry.tags?.least && greatest === entry.tags.greatest ? undefined : "other tags than the part's";
}

/** Whether the bytes up to `middle` come before those behind it. In place: there are many, and they are short. */
function ascends(bytes: Uint8Array, start: number, middle: number, end: number): boolean {
  let [a, b] = [start, middle];
  while (a < middle && b < end && bytes[a] === bytes[b]) {
    a++;
    b++;
  }
  return b < end && (a === middle || bytes[a] < bytes[b]);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
}

function bad(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
