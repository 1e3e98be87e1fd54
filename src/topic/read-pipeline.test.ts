import assert from "node:assert/strict";
import { largestBlockBytes } from "./block-pool.ts";
import { maxFilteredScan } from "./selection.ts";
import { append, batchOf, pageOf, readAll, readPage, records, World } from "./testing/world.ts";
import type { Topic } from "./topic.ts";

async function mixed(world = new World()): Promise<Topic> {
  const topic = await world.topic();
  await append(topic, [
    { data: 1, tag: "a", node: "x", meta: { m: 1 } },
    { data: 2, tag: "", meta: {} },
    { data: 3, node: "y" },
    { data: 4, tag: "ab" },
  ]);
  return topic;
}

describe("read", () => {
  it("adds $tag between $node and data when asked, leaves meta and data out when told", async () => {
    const topic = await mixed();
    const keys = (request: Parameters<typeof readPage>[1]): string[] =>
      readPage(topic, request).records.map((record) => Object.keys(record).join());
    assert.deepEqual(keys({}), [
      "$seq,$ts,$node,data,meta",
      "$seq,$ts,data,meta",
      "$seq,$ts,$node,data",
      "$seq,$ts,data",
    ]);
    assert.deepEqual(keys({ includeTags: true })[0], "$seq,$ts,$node,$tag,data,meta");
    assert.deepEqual(keys({ includeMeta: false }), [
      "$seq,$ts,$node,data",
      "$seq,$ts,data",
      "$seq,$ts,$node,data",
      "$seq,$ts,data",
    ]);
    assert.deepEqual(keys({ includeData: false }), [
      "$seq,$ts,$node,meta",
      "$seq,$ts,meta",
      "$seq,$ts,$node",
      "$seq,$ts",
    ]);
    assert.deepEqual(keys({ includeData: false, includeMeta: false, includeTags: true })[3], "$seq,$ts,$tag");
    assert.equal(readPage(topic, { includeTags: true }).records[1]["$tag"], "");
  });

  it("drops the reader's own nodes, byte-exact, unless the topic says otherwise; the cursor moves past them", async () => {
    const topic = await mixed();
    assert.deepEqual(readPage(topic, { nodes: ["x"] }).seqs, [2, 3, 4]);
    assert.deepEqual(readPage(topic, { nodes: ["x", "y", "z"] }).seqs, [2, 4]);
    assert.deepEqual(readPage(topic, { nodes: ["X"] }).seqs, [1, 2, 3, 4]);
    await topic.configure({ ...topic.config, dedupeNode: false });
    assert.deepEqual(readPage(topic, { nodes: ["x", "y"] }).seqs, [1, 2, 3, 4]);
  });

  it("filters by tag; a batch may be empty and yet advance", async () => {
    const topic = await mixed();
    assert.deepEqual(readPage(topic, { match: { op: "Eq", value: "a" } }).seqs, [1]);
    assert.deepEqual(readPage(topic, { match: { op: "Glob", prefix: "a" } }).seqs, [1, 4]);
    const none = readPage(topic, { match: { op: "Eq", value: "zz" } });
    assert.deepEqual([none.seqs, none.next, none.caughtUp], [[], 4, true]);
    const first = readPage(topic, { match: { op: "Glob", prefix: "a" }, limit: 1 });
    assert.deepEqual([first.seqs, first.next], [[1], 3]);
  });

  it("is bounded by limit and by bytes, but delivers at least one record", async () => {
    const topic = await mixed();
    assert.deepEqual(readPage(topic, { limit: 2 }).seqs, [1, 2]);
    const one = readPage(topic, { maxBytes: 1 });
    assert.deepEqual([one.seqs, one.next, one.caughtUp], [[1], 1, false]);
    const bytes = topic.readNow({ ...readAll, limit: 2 }).slices.reduce((sum, slice) => sum + slice.length, 0);
    assert.deepEqual(readPage(topic, { maxBytes: bytes }).seqs, [1, 2]);
    assert.deepEqual(readPage(topic, { maxBytes: bytes - 1 }).seqs, [1]);
  });

  it("takes a purely deleted gap in silence", async () => {
    const topic = await mixed();
    await topic.deleteRecords({ beforeSeq: 4, match: undefined });
    const { seqs, tombstone, earliest } = readPage(topic);
    assert.deepEqual([seqs, tombstone, earliest], [[4], undefined, 4]);
  });

  it("stops a filtered scan before it holds everyone up, and says how far it came", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "memory" });
    for (let i = 0; i < 8; i++)
      await append(
        topic,
        records(10_000).map((record) => ({ ...record, node: "me" })),
      );
    const page = readPage(topic, { nodes: ["me"] });
    assert.deepEqual([page.seqs, page.next, page.caughtUp], [[], maxFilteredScan, false]);
    assert.equal(readPage(topic, { nodes: ["me"], fromSeq: page.next }).caughtUp, true);
    assert.equal(readPage(topic, { match: { op: "Eq", value: "none" } }).caughtUp, true);
  });

  it("keeps a page as it was while the reader holds it, whatever happens to the records", async () => {
    const world = new World();
    const topic = await world.topic({ capRecords: 10 });
    await append(topic, records(10));
    const held = topic.readNow(readAll);
    const before = Buffer.concat(held.slices).toString();
    for (let i = 0; i < 200; i++) await append(topic, records(10, 1000));
    assert.equal(Buffer.concat(held.slices).toString(), before);
    held.release();
    held.release();
  });

  it("serves records larger than the largest block, and batches that span several", async () => {
    const topic = await new World().topic();
    const large = "x".repeat(400_000);
    await append(
      topic,
      Array.from({ length: 50 }, () => ({ data: large })),
    );
    const batch = batchOf('{"records":[{"data":1}]}');
    const bytes = Buffer.from(`"${"y".repeat(largestBlockBytes)}"`);
    const slots = Uint32Array.from([1, bytes.length + 1, 0, 0, 0, 0, 0, 0, 0]);
    await topic.append({
      batch: { ...batch, bytes: Buffer.concat([Buffer.from(" "), bytes]), slots },
      idempotencyKey: undefined,
      disableBackpressure: false,
    });
    for (let from = 0; from < 51;) {
      const page = pageOf(topic.readNow({ ...readAll, fromSeq: from }));
      assert.ok(page.records.every(({ data }) => (data as string).length >= 400_000));
      from = page.next;
    }
  });
});
