import assert from "node:assert/strict";
import fc from "fast-check";
import { matches, type Predicate } from "../base/predicate.ts";
import { nodeEnv } from "../env/node-env.ts";
import { decodeTagFilter, tagRangeAdmits } from "./filter.ts";
import type { PartEntry } from "./part-entry.ts";
import { compareTags, isWellFormed } from "./tag-order.ts";
import { cutTag } from "./tag-range.ts";
import { Pace } from "./pace.ts";
import { writeTags, type Posting } from "./tag-table-writer.ts";
import { decodeTagTable } from "./tags.ts";

const env = nodeEnv();

/** Few characters, so that tags share beginnings; of one to four bytes, and from both sides of where the orders differ. */
const character = fc.constantFrom("a", "b", "0", "é", "߿", "ࠀ", "퟿", "\ue000", "￮", "𐀀", "😀");
const tag = fc
  .oneof(
    fc.array(character, { maxLength: 6 }).map((all) => all.join("")),
    fc
      .tuple(fc.constantFrom("x", "é", "ࠀ", "😀"), fc.nat({ max: 80 }), fc.string({ unit: character, maxLength: 3 }))
      .map(([unit, count, end]) => (unit.repeat(count) + end).slice(0, 84)),
  )
  .filter(isWellFormed);
const predicate: fc.Arbitrary<Predicate> = fc.oneof(
  tag.map((value) => ({ op: "Eq" as const, value })),
  tag.map((prefix) => ({ op: "Glob" as const, prefix })),
  fc
    .string({ maxLength: 3, unit: fc.constantFrom("a", "é", "\ud83d", "\ude00") })
    .map((prefix) => ({ op: "Glob" as const, prefix })),
  fc
    .string({ maxLength: 3, unit: fc.constantFrom("a", "é", "\ud83d", "\ude00") })
    .map((value) => ({ op: "Eq" as const, value })),
);

function postingsOf(tags: readonly string[], records: number): Posting[] {
  return tags.map((name, i) => {
    const seqs = Array.from({ length: records }, (_, n) => 1000 + i + n * tags.length);
    return { tag: name, seqs, sizes: seqs.map((seq) => seq % 100) };
  });
}

function entryOf(postings: readonly Posting[], range: PartEntry["tags"]): PartEntry {
  const seqs = postings.flatMap((posting) => posting.seqs);
  return {
    ...{ file: 1, ordinal: 0, topicId: 1, epoch: 1, firstTs: 0, lastTs: 0, blocks: 1 },
    ...{ firstSeq: 1000, lastSeq: Math.max(...seqs), records: seqs.length, bytes: 100 * seqs.length },
    index: { at: 1000, bytes: 108, hash: 0n },
    tags: range,
  };
}

describe("the tags of a part", () => {
  it("are found by equality and by prefix exactly as a match over all of them finds them", async () => {
    const tags = fc.uniqueArray(tag, { minLength: 1, maxLength: 40 });
    const property = fc.asyncProperty(tags, fc.array(predicate, { maxLength: 20 }), async (names, wanted) => {
      const postings = postingsOf(names, 2);
      const written = await writeTags(new Pace(env), { firstSeq: 1000, lastSeq: 2000 }, postings);
      assert.ok(written);
      const decoded = decodeTagTable(written.table, entryOf(postings, written.range));
      assert.ok(decoded.ok, decoded.ok ? "" : decoded.reason);
      const { table } = decoded;
      const filter = decodeTagFilter(written.filter);
      assert.ok(filter.ok);
      const sorted = [...names].sort(compareTags);
      assert.deepEqual(
        [...sorted.keys()].map((i) => table.tag(i)),
        sorted,
      );
      const own = names.flatMap((name): Predicate[] => [
        { op: "Eq", value: name },
        { op: "Glob", prefix: name.slice(0, Math.ceil(name.length / 2)) },
      ]);
      for (const asked of [...wanted, ...own]) {
        const expected = names.filter((name) => matches(asked, name)).sort(compareTags);
        assert.deepEqual(
          table.matching(asked).map((i) => table.tag(i)),
          expected,
        );
        if (expected.length === 0) continue;
        assert.ok(filter.filter.admits(asked), "the filter refuses nothing that is there");
        assert.ok(tagRangeAdmits(written.range, asked), "the range refuses nothing that is there");
      }
      for (const { tag: name, seqs, sizes } of postings) {
        const [i] = table.matching({ op: "Eq", value: name });
        assert.deepEqual([table.seqs(i), table.sizes(i), table.count(i)], [seqs, sizes, seqs.length]);
      }
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it("are ordered by their bytes", () => {
    fc.assert(
      fc.property(tag, tag, (a, b) => {
        assert.equal(Math.sign(compareTags(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 2000 },
    );
  });

  it("are cut to a beginning of whole characters with as many bytes as fit", () => {
    fc.assert(
      fc.property(tag, (whole) => {
        const cut = cutTag(whole);
        assert.ok(whole.startsWith(cut) && isWellFormed(cut));
        const bytes = Buffer.byteLength(cut);
        assert.ok(bytes <= 64 && (cut === whole || bytes > 60));
      }),
      { numRuns: 1000 },
    );
  });

  it("are not believed when any bit of their table or filter is another, or are at least not misread", async () => {
    const postings = postingsOf(["a", "ab", "b", "😀"], 3);
    const written = await writeTags(new Pace(env), { firstSeq: 1000, lastSeq: 2000 }, postings);
    assert.ok(written);
    const entry = entryOf(postings, written.range);
    for (let bit = 0; bit < 8 * written.table.length; bit++) {
      written.table[bit >> 3] ^= 1 << (bit & 7);
      const decoded = decodeTagTable(Uint8Array.from(written.table), entry);
      // Without its hash some flips make another table; none makes one that reads beyond itself.
      if (decoded.ok) {
        for (let i = 0; i < decoded.table.size; i++) {
          const seqs = decoded.table.seqs(i);
          assert.ok(seqs.length > 0 && seqs.every((seq) => seq >= entry.firstSeq && seq <= entry.lastSeq));
          decoded.table.tag(i);
        }
      }
      written.table[bit >> 3] ^= 1 << (bit & 7);
    }
    for (let length = 0; length < written.table.length; length++)
      assert.equal(decodeTagTable(written.table.subarray(0, length), entry).ok, false);
    for (let length = 0; length < written.filter.length; length++)
      assert.equal(decodeTagFilter(written.filter.subarray(0, length)).ok, false);
  });

  it("pass the filter by chance rarely, and it stays small", async () => {
    for (const count of [10, 1000, 30_000]) {
      const postings = postingsOf(
        Array.from({ length: count }, (_, i) => `job-${i}`),
        1,
      );
      const written = await writeTags(new Pace(env), { firstSeq: 1000, lastSeq: 100_000 }, postings);
      assert.ok(written && written.filter.length <= 65_536);
      const decoded = decodeTagFilter(written.filter);
      assert.ok(decoded.ok);
      let admitted = 0;
      for (let i = 0; i < 10_000; i++) if (decoded.filter.admits({ op: "Eq", value: `job-x${i}` })) admitted++;
      assert.ok(admitted < 300, `${admitted} of 10000 admitted among ${count}`);
    }
  });
});
