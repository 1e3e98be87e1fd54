import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hash64 } from "../base/hash.ts";
import { nodeEnv } from "../env/node-env.ts";
import type { PartEntry } from "./part-entry.ts";
import { openSegment, type DamagedRange, type OpenSegment, type SegmentOpened } from "./reader.ts";
import { salvage } from "./salvage.ts";
import { directoryId, samplePart, writePart, type SamplePart } from "./testing/sample.ts";
import { SegmentWriter } from "./writer.ts";

const env = nodeEnv();

const small = [
  samplePart(1, { blocks: 1, records: 1, payloadBytes: 9 }),
  samplePart(2, { blocks: 3, records: 4, tags: ["a", "bö", "job-17"], firstSeq: 5 }),
  samplePart(3, { blocks: 2, records: 1, payloadBytes: 30 }),
];

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("a segment file, read without being told of it", () => {
  let directory = "";
  let path = "";
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "segment-"));
    path = join(directory, "seg-00000007.seg");
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  async function write(parts: readonly SamplePart[]): Promise<{ entries: PartEntry[]; bytes: Buffer }> {
    const writer = await SegmentWriter.create(env, { directory, directoryId, file: 7, stamp: 99 });
    const entries: PartEntry[] = [];
    for (const part of parts) entries.push(await writePart(writer, part));
    await writer.finish();
    return { entries, bytes: readFileSync(path) };
  }

  async function withOpen<T>(work: (segment: OpenSegment) => Promise<T>): Promise<T> {
    const opened: SegmentOpened = await openSegment(env, path);
    assert.ok(opened.outcome === "segment");
    try {
      return await work(opened.segment);
    } finally {
      await opened.segment.close();
    }
  }

  const check = (): Promise<DamagedRange[]> => withOpen((segment) => collect(segment.check()));

  it("tells what it holds", async () => {
    const { entries, bytes } = await write(small);
    await withOpen(async (segment) => {
      assert.deepEqual(segment.header, { directoryId, file: 7, stamp: 99 });
      assert.deepEqual(segment.parts, entries);
      assert.equal(segment.bytes, bytes.length);
      const index = await segment.index(entries[1]);
      assert.ok(index.ok);
      const payload = await segment.payload(entries[1], index.value, 2);
      assert.ok(payload.ok);
      assert.deepEqual(payload.value, Buffer.from(small[1].blocks[2].payload));
      const tags = await segment.tags(entries[1], index.value);
      assert.ok(tags.ok && tags.value?.size === 3);
      const filter = await segment.filter(entries[1], index.value);
      assert.ok(filter.ok && filter.value?.admits({ op: "Glob", prefix: "job-" }));
    });
    const seen: number[] = [];
    await withOpen(async (segment) => {
      assert.deepEqual(await collect(segment.check({ progress: (done) => seen.push(done) })), []);
    });
    assert.equal(seen.at(-1), bytes.length);
  });

  it("has no byte whose change goes unnoticed", async () => {
    const { bytes } = await write(small);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 1 << (at & 7);
      writeFileSync(path, changed);
      const damages = await check();
      assert.ok(damages.length > 0, `byte ${at}`);
      assert.ok(
        damages.some((range) => range.at <= at && at < range.at + range.bytes),
        `byte ${at} is named: ${JSON.stringify(damages)}`,
      );
    }
  });

  it("is damaged at any other length", async () => {
    const { bytes } = await write(small);
    for (const length of [0, 1, 55, 56, 63, 64, 200, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, length));
      assert.ok((await check()).length > 0, `${length} bytes`);
    }
    for (const more of [Buffer.alloc(1), Buffer.alloc(4096), bytes]) {
      writeFileSync(path, Buffer.concat([bytes, more]));
      assert.ok((await check()).length > 0, `${more.length} more bytes`);
    }
  });

  it("is refused by name when it has a version that is not known", async () => {
    const { bytes } = await write(small);
    bytes[8] = 2;
    bytes.writeBigUInt64LE(hash64(bytes.subarray(0, 48)), 48);
    writeFileSync(path, bytes);
    assert.deepEqual(await openSegment(env, path), { outcome: "version", reason: "format version 2 is not known" });
    assert.deepEqual(await openSegment(env, `${path}x`), { outcome: "unreadable", errno: "ENOENT" });
  });

  describe("when it is damaged", () => {
    interface Found {
      /** Blocks, as topic and first seq. */
      readonly blocks: string[];
      /** Lost ranges, as topic, first and last seq. */
      readonly lost: string[];
    }

    async function salvaged(known?: readonly PartEntry[]): Promise<Found> {
      const found: Found = { blocks: [], lost: [] };
      await withOpen(async (segment) => {
        for await (const item of salvage(segment, known)) {
          const { part } = item;
          if (item.kind === "lost") found.lost.push(`${part.topicId}:${part.firstSeq}-${part.lastSeq}`);
          else {
            found.blocks.push(`${part.topicId}:${part.firstSeq}`);
            const written = small[part.topicId - 1].blocks.find(({ firstSeq }) => firstSeq === part.firstSeq);
            assert.deepEqual(item.payload, Buffer.from(written!.payload));
            assert.equal(item.records, written!.records);
          }
        }
      });
      return found;
    }

    const all = ["1:1", "2:5", "2:9", "2:13", "3:1", "3:2"];

    it("gives every block that is whole, and names what is lost", async () => {
      const { bytes, entries } = await write(small);
      assert.deepEqual(await salvaged(), { blocks: all, lost: [] });
      const spoil = async (...places: number[]): Promise<void> => {
        const changed = Buffer.from(bytes);
        for (const at of places) changed[at] ^= 0x55;
        writeFileSync(path, changed);
      };
      const footerAt = bytes.length - 20;
      await spoil(footerAt);
      assert.deepEqual(await salvaged(), { blocks: all, lost: [] }, "without a footer");
      await spoil(footerAt, 3);
      assert.deepEqual(await salvaged(), { blocks: all, lost: [] }, "without a header either");
      await spoil(entries[1].index.at + 5);
      assert.deepEqual(await salvaged(), { blocks: all, lost: [] }, "without an index");
      const payloadAt = bytes.indexOf(small[1].blocks[1].payload);
      await spoil(payloadAt + 3);
      const without = all.filter((name) => name !== "2:9");
      assert.deepEqual(await salvaged(), { blocks: without, lost: ["2:9-12"] }, "a payload, found by the index");
      await spoil(payloadAt + 3, entries[1].index.at);
      assert.deepEqual(await salvaged(), { blocks: without, lost: ["2:9-12"] }, "by its header");
      await spoil(payloadAt - 20);
      assert.deepEqual(await salvaged(), { blocks: all, lost: [] }, "a block header");
      await spoil(payloadAt - 20, entries[1].index.at);
      assert.deepEqual(await salvaged(), { blocks: without, lost: ["2:9-12"] }, "a block header and the index");
      await spoil(payloadAt - 20, entries[1].index.at, footerAt);
      assert.deepEqual(await salvaged(), { blocks: without, lost: [] }, "nothing tells of it any more");
      assert.deepEqual(
        await salvaged(entries),
        { blocks: without, lost: ["2:9-12"] },
        "but what is known from elsewhere",
      );
      writeFileSync(path, bytes.subarray(0, payloadAt + 10));
      assert.deepEqual(await salvaged(), { blocks: ["1:1", "2:5"], lost: ["2:9-12"] }, "an early end");
      assert.deepEqual(await salvaged(entries), {
        blocks: ["1:1", "2:5"],
        lost: ["2:9-12", "2:13-16", "3:1-2"],
      });
    });

    it("finds blocks that lie across the pieces it is read in", async () => {
      const large = [samplePart(1, { blocks: 40, records: 3, payloadBytes: 70_000 })];
      const { bytes, entries } = await write(large);
      bytes[bytes.length - 1] ^= 1;
      bytes[entries[0].index.at] ^= 1;
      bytes[bytes.indexOf(large[0].blocks[20].payload) + 1] ^= 1;
      writeFileSync(path, bytes);
      const found: string[] = [];
      await withOpen(async (segment) => {
        for await (const { kind, part } of salvage(segment)) found.push(`${kind} ${part.firstSeq}`);
      });
      const expected = large[0].blocks.map(({ firstSeq }, i) => `${i === 20 ? "lost" : "block"} ${firstSeq}`);
      assert.deepEqual(found, expected);
    });
  });
});
