/**
 * Makes the tag table and the tag filter of a part (spec 6.3) from postings in any order. A large part is done in turns,
 * so that nothing else waits for it.
 */
import { assert } from "../base/assert.ts";
import { FilterBuilder, newKeys } from "./filter.ts";
import { two32, viewOf } from "./format.ts";
import type { Pace } from "./pace.ts";
import { sortedByTag } from "./tag-sort.ts";
import { stringsAt, tagTableHeadBytes, tagTableMagic } from "./tags.ts";
import { tagRange, type TagRange } from "./tag-range.ts";

export interface Posting {
  readonly tag: string;
  /** Ascending. */
  readonly seqs: readonly number[];
  /** Payload bytes of each record. */
  readonly sizes: readonly number[];
}

export interface WrittenTags {
  readonly table: Uint8Array;
  readonly filter: Uint8Array;
  readonly range: TagRange;
}

interface PartSeqs {
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** `undefined` when there is no posting. What is given is iterated before the first turn ends. */
export async function writeTags(
  pace: Pace,
  part: PartSeqs,
  given: Iterable<Posting>,
): Promise<WrittenTags | undefined> {
  const unsorted: Posting[] = [];
  for (const posting of given) if (posting.seqs.length > 0) unsorted.push(posting);
  if (unsorted.length === 0) return undefined;
  const postings = await sortedByTag(unsorted, pace);
  const strings = new TagStrings(postings.length);
  let records = 0;
  for (const { tag, seqs } of postings) {
    strings.add(tag);
    records += seqs.length;
    if (pace.isDue) await pace.pause();
  }
  const filter = new FilterBuilder(strings.keys);
  const table = new TableBytes(part, strings, records);
  for (let i = 0; i < postings.length; i++) {
    filter.add(strings.bytes, strings.starts[i], strings.starts[i + 1], strings.common[i]);
    table.add(postings[i], strings.starts[i]);
    if (pace.isDue) await pace.pause();
  }
  const range = tagRange(postings[0].tag, postings[postings.length - 1].tag);
  return { table: table.bytes, filter: filter.bytes, range };
}

/** Of one code unit. */
const mostUtf8Bytes = 3;

/** All tags in UTF-8, one behind the other: an object for each would be many. */
class TagStrings {
  /** One more for the end. */
  readonly starts: Uint32Array;
  /** Bytes that a tag has in common with the one before it. */
  readonly common: Uint32Array;
  keys = 0;
  #room = Buffer.allocUnsafeSlow(4096);
  #count = 0;

  constructor(count: number) {
    this.starts = new Uint32Array(count + 1);
    this.common = new Uint32Array(count);
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): Buffer {
    return this.#room.subarray(0, this.starts[this.#count]);
  }

  add(tag: string): void {
    const i = this.#count++;
    const start = this.starts[i];
    this.#reserve(start, start + mostUtf8Bytes * tag.length);
    const end = start + this.#room.write(tag, start);
    this.starts[i + 1] = end;
    if (i > 0) this.common[i] = this.#commonBytes(this.starts[i - 1], start, end);
    this.keys += newKeys(end - start, this.common[i]);
  }

  #reserve(used: number, bytes: number): void {
    if (bytes <= this.#room.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * bytes);
    this.#room.copy(larger, 0, 0, used);
    this.#room = larger;
  }

  #commonBytes(before: number, start: number, end: number): number {
    const bytes = this.#room;
    const most = Math.min(start - before, end - start);
    let n = 0;
    while (n < most && bytes[before + n] === bytes[start + n]) n++;
    assert(n < end - start, "a tag has one posting");
    return n;
  }
}

class TableBytes {
  readonly bytes: Uint8Array;
  readonly #part: PartSeqs;
  readonly #view: DataView;
  readonly #tags: number;
  readonly #total: number;
  #tag = 0;
  #posting = 0;

  constructor(part: PartSeqs, strings: TagStrings, postings: number) {
    const { bytes, count } = strings;
    this.#part = part;
    this.#tags = count;
    this.#total = postings;
    const at = stringsAt(count, postings);
    this.bytes = new Uint8Array(at + bytes.length);
    this.bytes.set(bytes, at);
    this.#view = viewOf(this.bytes);
    this.#view.setUint32(0, tagTableMagic, true);
    this.#view.setUint32(4, count, true);
    this.#view.setUint32(8, postings, true);
    this.#view.setUint32(12, bytes.length, true);
  }

  add({ seqs, sizes }: Posting, stringStart: number): void {
    const view = this.#view;
    const startAt = tagTableHeadBytes + 4 * this.#tag++;
    view.setUint32(startAt, stringStart, true);
    view.setUint32(startAt + 4 * this.#tags, this.#posting, true);
    assert(seqs.length === sizes.length, "a posting has a size for each seq");
    const { firstSeq, lastSeq } = this.#part;
    let at = tagTableHeadBytes + 8 * this.#tags + 4 * this.#posting;
    let previous = firstSeq - 1;
    for (let n = 0; n < seqs.length; n++, at += 4) {
      const seq = seqs[n];
      assert(seq > previous && seq <= lastSeq, "the seqs of a posting ascend within the part");
      assert(sizes[n] >= 0 && sizes[n] < two32, "a record's size is small");
      previous = seq;
      view.setUint32(at, seq - firstSeq, true);
      view.setUint32(at + 4 * this.#total, sizes[n], true);
    }
    this.#posting += seqs.length;
  }
}
