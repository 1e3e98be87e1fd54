import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AssertionError } from "../base/assert.ts";
import { nodeEnv } from "../env/node-env.ts";
import { holds } from "./extent.ts";
import { decodeTagFilter } from "./filter.ts";
import { decodePartIndex, type PartIndex } from "./index.ts";
import { partFromJson, partToJson, type PartEntry } from "./part-entry.ts";
import { openSegment } from "./reader.ts";
import { salvage } from "./salvage.ts";
import { decodeTagTable } from "./tags.ts";
import { directoryId, samplePart, writePart, type SamplePart } from "./testing/sample.ts";
import { SegmentWriter } from "./writer.ts";

const env = nodeEnv();

/** What is read of a part equals what was written. */
function checkPart(file: Buffer, entry: PartEntry, part: SamplePart): void {
  const slice = ({ at, bytes }: { at: number; bytes: number }): Buffer => file.subarray(at, at + bytes);
  assert.ok(holds(entry.index, slice(entry.index)));
  const decoded = decodePartIndex(slice(entry.index), entry);
  assert.ok(decoded.ok, decoded.ok ? "" : decoded.reason);
  const { index } = decoded;
  assert.equal(index.blocks, part.blocks.length);
  part.blocks.forEach((block, i) => {
    assert.deepEqual(rowOf(index, i), [
      block.firstSeq,
      block.lastSeq,
      block.firstTs,
      block.lastTs,
      block.records,
      block.bytes,
    ]);
    assert.ok(holds(index.extent(i), slice(index.extent(i))));
    assert.deepEqual(slice(index.extent(i)), Buffer.from(block.payload));
    assert.equal(index.blockOf(block.firstSeq), i);
    assert.equal(index.blockOf(block.lastSeq), i);
    assert.equal(index.blockBefore(block.firstTs + 1), i);
  });
  assert.equal(index.blockOf(entry.lastSeq + 1), index.blocks);
  assert.equal(index.blockBefore(entry.firstTs), -1);
  assert.equal(index.firstRecord(index.blocks), entry.records);
  if (part.postings.length === 0) {
    assert.equal(index.tags, undefined);
    return;
  }
  assert.ok(index.tags && index.filter);
  assert.ok(holds(index.tags, slice(index.tags)) && holds(index.filter, slice(index.filter)));
  const tags = decodeTagTable(slice(index.tags), entry);
  assert.ok(tags.ok, tags.ok ? "" : tags.reason);
  const filter = decodeTagFilter(slice(index.filter));
  assert.ok(filter.ok);
  assert.equal(tags.table.size, part.postings.length);
  for (const { tag, seqs, sizes } of part.postings) {
    const found = tags.table.matching({ op: "Eq", value: tag });
    assert.equal(found.length, 1);
    assert.equal(tags.table.tag(found[0]), tag);
    assert.deepEqual(tags.table.seqs(found[0]), seqs);
    assert.deepEqual(tags.table.sizes(found[0]), sizes);
    assert.ok(filter.filter.admits({ op: "Eq", value: tag }));
  }
}

function rowOf(index: PartIndex, i: number): number[] {
  return [index.firstSeq(i), index.lastSeq(i), index.firstTs(i), index.lastTs(i), index.records(i), index.bytes(i)];
}

describe("a segment file", () => {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "segment-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const create = (file: number): Promise<SegmentWriter> =>
    SegmentWriter.create(env, { directory, directoryId, file, stamp: 77 });

  it("gives back what was written, part by part", async () => {
    const parts = [
      samplePart(1, { blocks: 1, records: 1 }),
      samplePart(2, {
        blocks: 7,
        records: 30,
        tags: ["a", "b", "", "job-1", "job-10", "ä", "😀", "\uffee"],
        firstSeq: 2 ** 40,
      }),
      samplePart(3, { blocks: 3, records: 2000, payloadBytes: 300_000, tags: ["x".repeat(256)] }),
    ];
    const writer = await create(12);
    const entries: PartEntry[] = [];
    for (const part of parts) entries.push(await writePart(writer, part));
    const { bytes } = await writer.finish();
    assert.deepEqual(readdirSync(directory), ["seg-00000012.seg"]);
    const file = readFileSync(join(directory, "seg-00000012.seg"));
    assert.equal(file.length, bytes);
    entries.forEach((entry, i) => {
      assert.deepEqual(partFromJson(JSON.parse(JSON.stringify(partToJson(entry)))), entry);
      checkPart(file, entry, parts[i]);
    });
  });

  it("holds very many small parts, each at little cost", async () => {
    const writer = await create(2);
    const count = 20_000;
    const payload = Buffer.alloc(150, "x");
    const block = { payload, firstSeq: 1, lastSeq: 10, firstTs: 5, lastTs: 6, records: 10, bytes: 120 };
    let empty = 0;
    for (let n = 0; n < count; n++) {
      writer.beginPart(n, 1);
      await writer.block(block);
      const before = writer.bytes;
      const entry = await writer.endPart([]);
      empty = Math.max(empty, writer.bytes - before);
      assert.equal(entry.ordinal, n);
    }
    assert.ok(empty <= 100, `an index of ${empty} bytes`);
    const { bytes } = await writer.finish();
    assert.ok(bytes / count <= payload.length + 64 + 100 + 80, `${bytes / count} bytes a part`);
    const opened = await openSegment(env, join(directory, "seg-00000002.seg"));
    assert.ok(opened.outcome === "segment");
    const { segment } = opened;
    let damages = 0;
    for await (const damage of segment.check()) damages += damage.bytes;
    assert.equal(damages, 0);
    assert.equal(segment.parts?.length, count);
    let found = 0;
    for await (const { kind } of salvage(segment)) if (kind === "block") found++;
    assert.equal(found, count);
    await segment.close();
  });

  it("writes a large part from a buffer that the caller uses again", async () => {
    const writer = await create(3);
    const payload = Buffer.alloc(131_072);
    writer.beginPart(1, 1);
    for (let n = 0; n < 100; n++) {
      payload.fill(n + 1);
      await writer.block({
        payload,
        firstSeq: n + 1,
        lastSeq: n + 1,
        firstTs: n,
        lastTs: n,
        records: 1,
        bytes: 131_000,
      });
    }
    payload.fill(0);
    const entry = await writer.endPart([]);
    const { bytes } = await writer.finish();
    const file = readFileSync(join(directory, "seg-00000003.seg"));
    assert.equal(file.length, bytes);
    const decoded = decodePartIndex(file.subarray(entry.index.at, entry.index.at + entry.index.bytes), entry);
    assert.ok(decoded.ok);
    for (let n = 0; n < 100; n++) {
      const { at, bytes: length } = decoded.index.extent(n);
      assert.ok(file.subarray(at, at + length).every((byte) => byte === n + 1));
    }
  });

  it("is not made of parts and blocks that are none", async () => {
    const writer = await create(4);
    const block = { payload: Buffer.alloc(1), firstSeq: 10, lastSeq: 12, firstTs: 5, lastTs: 6, records: 3, bytes: 1 };
    await assert.rejects(writer.block(block), AssertionError);
    await assert.rejects(writer.endPart([]), AssertionError);
    await assert.rejects(writer.finish(), AssertionError);
    writer.beginPart(1, 1);
    await assert.rejects(writer.endPart([]), AssertionError);
    assert.throws(() => writer.beginPart(1, 1), AssertionError);
    for (const wrong of [{ firstSeq: 0 }, { lastSeq: 9 }, { lastTs: 4 }, { records: 4 }, { records: 0 }])
      await assert.rejects(writer.block({ ...block, ...wrong }), AssertionError, JSON.stringify(wrong));
    await writer.block(block);
    for (const wrong of [{ firstSeq: 12, lastSeq: 14 }, { firstTs: 5 }, { lastSeq: 10 + 2 ** 32 }]) {
      const next = { ...block, firstSeq: 13, lastSeq: 15, firstTs: 6, lastTs: 6, ...wrong };
      await assert.rejects(writer.block(next), AssertionError, JSON.stringify(wrong));
    }
    for (const posting of [
      { tag: "a", seqs: [9], sizes: [1] },
      { tag: "a", seqs: [13], sizes: [1] },
      { tag: "a", seqs: [11, 11], sizes: [1, 1] },
      { tag: "a", seqs: [11], sizes: [] },
    ])
      await assert.rejects(writer.endPart([posting]), AssertionError, JSON.stringify(posting));
    const twice = [1, 2].map(() => ({ tag: "a", seqs: [11], sizes: [1] }));
    await assert.rejects(writer.endPart(twice), AssertionError);
    await assert.rejects(writer.finish(), AssertionError);
    await writer.abort();
    assert.deepEqual(readdirSync(directory), []);
  });

  it("takes the place of a leftover temporary file, and goes without a trace when it is given up", async () => {
    writeFileSync(join(directory, "seg-00000001.seg.tmp"), "leftover");
    const writer = await create(1);
    await writePart(writer, samplePart(1, { blocks: 2, records: 2 }));
    await writer.abort();
    await writer.abort();
    assert.deepEqual(readdirSync(directory), []);
  });
});
