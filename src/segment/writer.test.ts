import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeEnv } from "../env/node-env.ts";
import { holds } from "./extent.ts";
import { decodeTagFilter } from "./filter.ts";
import { decodePartIndex, type PartIndex } from "./index.ts";
import { partFromJson, partToJson, type PartEntry } from "./part-entry.ts";
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

  it("takes the place of a leftover temporary file, and goes without a trace when it is given up", async () => {
    writeFileSync(join(directory, "seg-00000001.seg.tmp"), "leftover");
    const writer = await create(1);
    await writePart(writer, samplePart(1, { blocks: 2, records: 2 }));
    await writer.abort();
    await writer.abort();
    assert.deepEqual(readdirSync(directory), []);
  });
});
