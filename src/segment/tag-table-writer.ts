/**
 * Makes the tag table and the tag filter of a part (spec 6.3) from postings in any order. A large part is done in turns,
 * so that nothing else waits for it.
 */
import { assert } from "../base/assert.ts";
import type { Timers } from "../env/env.ts";
import { FilterBuilder, newKeys } from "./filter.ts";
import { two32, viewOf } from "./format.ts";
import { stringsAt, tagTableHeadBytes, tagTableMagic } from "./tags.ts";
import { compareTags } from "./tag-order.ts";
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

interface Place {
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** `undefined` when there is no posting. */
export async function writeTags(
  timers: Timers,
  part: Place,
  given: Iterable<Posting>,
): Promise<WrittenTags | undefined> {
  const postings = [...given].filter(({ seqs }) => seqs.length > 0);
  if (postings.length === 0) return undefined;
  postings.sort((x, y) => compareTags(x.tag, y.tag));
  void timers;
  const tags = postings.map(({ tag }) => Buffer.from(tag));
  const common = tags.map((tag, i) => (i === 0 ? -1 : commonBytes(tags[i - 1], tag)));
  const filter = new FilterBuilder(tags.reduce((sum, tag, i) => sum + newKeys(tag.length, common[i]), 0));
  for (let i = 0; i < tags.length; i++) filter.add(tags[i], common[i]);
  return {
    table: encode(part, postings, tags),
    filter: filter.bytes,
    range: tagRange(postings[0].tag, postings[postings.length - 1].tag),
  };
}

function encode(part: Place, postings: readonly Posting[], tags: readonly Buffer[]): Uint8Array {
  const total = postings.reduce((sum, { seqs }) => sum + seqs.length, 0);
  const stringBytes = tags.reduce((sum, tag) => sum + tag.length, 0);
  const bytes = new Uint8Array(stringsAt(tags.length, total) + stringBytes);
  const view = viewOf(bytes);
  view.setUint32(0, tagTableMagic, true);
  view.setUint32(4, tags.length, true);
  view.setUint32(8, total, true);
  view.setUint32(12, stringBytes, true);
  const startsAt = tagTableHeadBytes + 4 * tags.length;
  const seqsAt = startsAt + 4 * tags.length;
  let string = 0;
  let posting = 0;
  for (let i = 0; i < tags.length; i++) {
    view.setUint32(tagTableHeadBytes + 4 * i, string, true);
    view.setUint32(startsAt + 4 * i, posting, true);
    bytes.set(tags[i], bytes.length - stringBytes + string);
    string += tags[i].length;
    const { seqs, sizes } = postings[i];
    assert(seqs.length === sizes.length, "a posting has a size for each seq");
    let previous = part.firstSeq - 1;
    for (let n = 0; n < seqs.length; n++, posting++) {
      assert(seqs[n] > previous && seqs[n] <= part.lastSeq, "the seqs of a posting ascend within the part");
      assert(sizes[n] >= 0 && sizes[n] < two32, "a record's size is small");
      previous = seqs[n];
      view.setUint32(seqsAt + 4 * posting, seqs[n] - part.firstSeq, true);
      view.setUint32(seqsAt + 4 * (total + posting), sizes[n], true);
    }
  }
  return bytes;
}

/** Of two tags in a row, the later of which is not the same. */
function commonBytes(before: Uint8Array, tag: Uint8Array): number {
  let n = 0;
  while (n < before.length && n < tag.length && before[n] === tag[n]) n++;
  assert(n < tag.length, "a tag has one posting");
  return n;
}
