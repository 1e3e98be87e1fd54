import assert from "node:assert/strict";
import fc from "fast-check";
import { decodePartIndex } from "./index.ts";
import { IndexRows, type IndexRow } from "./index-rows.ts";
import { partIndexBytes } from "./index-layout.ts";
import { partFromJson, partToJson, wrongEntry, type PartEntry } from "./part-entry.ts";
import { decodePartRows, PartRows } from "./parts-directory.ts";

interface Sample {
  readonly rows: readonly IndexRow[];
  readonly entry: PartEntry;
  readonly bytes: Uint8Array;
}

const gap = fc.oneof(fc.constant(0), fc.nat({ max: 5 }), fc.nat({ max: 1 << 28 }));
const block = fc.record({
  seqGap: gap,
  span: fc.integer({ min: 1, max: 1 << 20 }),
  dense: fc.double({ min: 0, max: 1, noNaN: true }),
  tsGap: gap,
  tsSpan: gap,
  length: fc.nat({ max: 1 << 20 }),
  bytes: fc.nat({ max: 1 << 20 }),
});
const sample: fc.Arbitrary<Sample> = fc
  .record({
    blocks: fc.array(block, { minLength: 1, maxLength: 8 }),
    firstSeq: fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 2 ** 45, max: 2 ** 52 })),
    firstTs: fc.nat({ max: 2 ** 41 }),
    at: fc.integer({ min: 56, max: 2 ** 45 }),
    tagged: fc.boolean(),
  })
  .map(({ blocks, firstSeq, firstTs, at, tagged }) => {
    const rows: IndexRow[] = [];
    let [seq, ts, place] = [firstSeq, firstTs, at];
    for (const [i, one] of blocks.entries()) {
      seq += i === 0 ? 0 : one.seqGap;
      ts += i === 0 ? 0 : one.tsGap;
      rows.push({
        payload: { at: place + 64, bytes: one.length, hash: BigInt(i) * 0x1234_5678_9abc_def1n },
        records: Math.max(1, Math.floor(one.span * one.dense)),
        firstSeq: seq,
        lastSeq: seq + one.span - 1,
        firstTs: ts,
        lastTs: ts + one.tsSpan,
        bytes: one.bytes,
      });
      seq += one.span;
      ts += one.tsSpan;
      place += 64 + one.length;
    }
    const written = new IndexRows();
    for (const row of rows) written.add(firstSeq, row);
    const tags = { at: place, bytes: 100, hash: 7n };
    const filter = { at: place + 100, bytes: 20, hash: 9n };
    const bytes = written.encode(tagged ? { tags, filter } : undefined);
    const last = rows[rows.length - 1];
    const entry: PartEntry = {
      ...{ file: 3, ordinal: 4, topicId: 5, epoch: 6, firstSeq, lastSeq: last.lastSeq, firstTs, lastTs: last.lastTs },
      records: rows.reduce((sum, row) => sum + row.records, 0),
      bytes: rows.reduce((sum, row) => sum + row.bytes, 0),
      blocks: rows.length,
      index: { at: place + (tagged ? 120 : 0), bytes: bytes.length, hash: 0xfedc_ba98_7654_3210n },
      tags: tagged ? { least: "a", greatest: "é" } : undefined,
    };
    return { rows, entry, bytes };
  });

describe("the index of a part", () => {
  it("says of every block what was written of it, and finds blocks by seq and by time", () => {
    fc.assert(
      fc.property(sample, fc.nat({ max: 1 << 20 }), ({ rows, entry, bytes }, offset) => {
        assert.equal(bytes.length, partIndexBytes(rows.length, entry.tags !== undefined));
        const decoded = decodePartIndex(bytes, entry);
        assert.ok(decoded.ok, decoded.ok ? "" : decoded.reason);
        const { index } = decoded;
        let records = 0;
        rows.forEach((row, i) => {
          const found = {
            payload: index.extent(i),
            ...{ records: index.records(i), firstSeq: index.firstSeq(i), lastSeq: index.lastSeq(i) },
            ...{ firstTs: index.firstTs(i), lastTs: index.lastTs(i), bytes: index.bytes(i) },
          };
          assert.deepEqual(found, row);
          assert.equal(index.firstRecord(i), records);
          records += row.records;
        });
        assert.equal(index.firstRecord(rows.length), records);
        for (const seq of [
          0,
          entry.firstSeq + offset,
          ...rows.flatMap((row) => [row.firstSeq, row.lastSeq, row.lastSeq + 1]),
        ]) {
          const expected = rows.findIndex((row) => row.lastSeq >= seq);
          assert.equal(index.blockOf(seq), expected < 0 ? rows.length : expected);
        }
        for (const ts of [
          0,
          entry.firstTs + offset,
          ...rows.flatMap((row) => [row.firstTs, row.lastTs, row.lastTs + 1]),
        ])
          assert.equal(
            index.blockBefore(ts),
            rows.findLastIndex((row) => row.firstTs < ts),
          );
      }),
      { numRuns: 300 },
    );
  });

  it("is refused, and never misread, when its bytes are others", () => {
    fc.assert(
      fc.property(sample, fc.nat(), fc.nat({ max: 255 }), ({ rows, entry, bytes }, place, value) => {
        const changed = Uint8Array.from(bytes);
        changed[place % bytes.length] = value;
        const decoded = decodePartIndex(changed, entry);
        if (decoded.ok) {
          // Without its hash a change within bounds makes another index; it still is one of this part.
          const { index } = decoded;
          let end = 0;
          for (let i = 0; i < rows.length; i++) {
            assert.ok(index.firstSeq(i) <= index.lastSeq(i) && index.extent(i).at >= end);
            end = index.extent(i).at + index.extent(i).bytes;
          }
          assert.ok(end <= entry.index.at && index.lastSeq(rows.length - 1) === entry.lastSeq);
        }
        assert.equal(decodePartIndex(bytes.subarray(0, place % bytes.length), entry).ok, false);
        assert.equal(decodePartIndex(bytes, { ...entry, records: entry.records + 1 }).ok, false);
        assert.equal(decodePartIndex(bytes, { ...entry, bytes: entry.bytes + 1 }).ok, false);
        assert.equal(decodePartIndex(bytes, { ...entry, lastSeq: entry.lastSeq + 1 }).ok, false);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a part's entry", () => {
  it("comes back from JSON and from a directory of parts", () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 5 }), (samples) => {
        const rows = new PartRows();
        const entries = samples.map(({ entry }, ordinal) => ({ ...entry, ordinal }));
        for (const entry of entries) {
          rows.add(entry);
          assert.equal(wrongEntry(entry), undefined);
          assert.deepEqual(partFromJson(JSON.parse(JSON.stringify(partToJson(entry)))), entry);
        }
        assert.deepEqual(decodePartRows(rows.bytes, 3, entries.length), { ok: true, parts: entries });
        assert.equal(decodePartRows(rows.bytes, 3, entries.length + 1).ok, false);
        if (entries.length > 0) assert.equal(decodePartRows(rows.bytes, 3, entries.length - 1).ok, false);
      }),
      { numRuns: 200 },
    );
  });

  it("is not made of anything else", () => {
    const [{ entry }] = fc.sample(
      sample.filter(({ entry: { tags } }) => tags !== undefined),
      { numRuns: 1, seed: 1 },
    );
    const json = partToJson(entry) as unknown[];
    const replaced = (place: number, value: unknown): unknown => json.map((item, i) => (i === place ? value : item));
    for (const wrong of [undefined, null, 7, {}, [], json.slice(0, -1), [...json, 1], json.slice(0, 5)])
      assert.equal(partFromJson(wrong), undefined);
    for (let place = 0; place < json.length; place++)
      for (const value of [-1, 1.5, "\ud800x", null, 2 ** 53, Number.NaN, [], "\ud800"])
        assert.equal(partFromJson(replaced(place, value)), undefined, `${place}: ${String(value)}`);
    assert.equal(partFromJson(replaced(14, "ê")), undefined, "a least tag behind the greatest");
    assert.equal(partFromJson(replaced(15, "z".repeat(65))), undefined, "a tag that was not cut");
  });

  it("is not read from bytes that are another directory", () => {
    fc.assert(
      fc.property(sample, sample, fc.nat(), fc.nat({ max: 255 }), (a, b, place, value) => {
        const rows = new PartRows();
        rows.add({ ...a.entry, ordinal: 0 });
        rows.add({ ...b.entry, ordinal: 1 });
        const changed = Uint8Array.from(rows.bytes);
        changed[place % changed.length] = value;
        const decoded = decodePartRows(changed, 3, 2);
        if (decoded.ok) for (const entry of decoded.parts) assert.equal(wrongEntry(entry), undefined);
        assert.equal(decodePartRows(changed.subarray(0, place % changed.length), 3, 2).ok, false);
      }),
      { numRuns: 500 },
    );
  });
});
