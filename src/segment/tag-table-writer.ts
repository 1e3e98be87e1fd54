/**
 * Makes the tag table and the tag filter of a part (spec 6.3) from postings in any order. A large part is done in turns,
 * so that nothing else waits for it.
 */
import { assert } from "../base/assert.ts";
import type { Env } from "../env/env.ts";
import { FilterBuilder, newKeys } from "./filter.ts";
import { two32, viewOf } from "./format.ts";
import { Pace } from "./pace.ts";
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
  env: Pick<Env, "clock" | "timers">,
  part: PartSeqs,
  given: Iterable<Posting>,
): Promise<WrittenTags | undefined> {
  const unsorted: Posting[] = [];
  for (const posting of given) if (posting.seqs.length > 0) unsorted.push(posting);
  if (unsorted.length === 0) return undefined;
  const pace = new Pace(env);
  const postings = await sortedByTag(unsorted, pace);
  const strings = new TagStrings(postings);
  for (const { tag } of postings) {
    strings.add(tag);
    if (pace.isDue) await pace.pause();
  }
  const filter = new FilterBuilder(strings.keys);
  const table = new TableBytes(part, postings, strings);
  for (let i = 0; i < postings.length; i++) {
    filter.add(strings.bytes, strings.starts[i], strings.starts[i + 1], strings.common[i]);
    table.add(postings[i]);
    if (pace.isDue) await pace.pause();
  }
  const range = tagRange(postings[0].tag, postings[postings.length - 1].tag);
  return { table: table.bytes, filter: filter.bytes, range };
}

/** All tags in UTF-8, one behind the other: an object for each would be many. */
class TagStrings {
  readonly bytes: Buffer;
  /** One more for the end. */
  readonly starts: Uint32Array;
  /** Bytes that a tag has in common with the one before it. */
  readonly common: Uint32Array;
  keys = 0;
  #count = 0;

  constructor(postings: readonly Posting[]) {
    let length = 0;
    for (const { tag } of postings) length += Buffer.byteLength(tag);
    this.bytes = Buffer.allocUnsafeSlow(length);
    this.starts = new Uint32Array(postings.length + 1);
    this.common = new Uint32Array(postings.length);
  }

  add(tag: string): void {
    const i = this.#count++;
    const start = this.starts[i];
    const end = start + this.bytes.write(tag, start);
    this.starts[i + 1] = end;
    if (i > 0) this.common[i] = this.#commonBytes(this.starts[i - 1], start, end);
    this.keys += newKeys(end - start, this.common[i]);
  }

  #commonBytes(before: number, start: number, end: number): number {
    const { bytes } = this;
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

  constructor(part: PartSeqs, postings: readonly Posting[], strings: TagStrings) {
    this.#part = part;
    this.#tags = postings.length;
    this.#total = postings.reduce((sum, { seqs }) => sum + seqs.length, 0);
    const at = stringsAt(this.#tags, this.#total);
    this.bytes = new Uint8Array(at + strings.bytes.length);
    this.bytes.set(strings.bytes, at);
    this.#view = viewOf(this.bytes);
    this.#view.setUint32(0, tagTableMagic, true);
    this.#view.setUint32(4, this.#tags, true);
    this.#view.setUint32(8, this.#total, true);
    this.#view.setUint32(12, strings.bytes.length, true);
    for (let i = 0; i < this.#tags; i++) this.#view.setUint32(tagTableHeadBytes + 4 * i, strings.starts[i], true);
  }

  add({ seqs, sizes }: Posting): void {
    const view = this.#view;
    view.setUint32(tagTableHeadBytes + 4 * (this.#tags + this.#tag++), this.#posting, true);
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
