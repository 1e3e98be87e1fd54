import assert from "node:assert/strict";
import { TopicsError } from "../base/errors.ts";
import { SegmentDamage } from "../segment/damage.ts";
import type { Topic } from "./topic.ts";
import { damage } from "./testing/damage.ts";
import { append, readPage, records, turns, World } from "./testing/world.ts";

/** One sealed part of 60 records, about ten to a block, and some in the tail. */
async function sealedTopic(pace: World["log"]["pace"] = "synced"): Promise<{ world: World; topic: Topic }> {
  const world = new World();
  const topic = await world.topic();
  await append(topic, records(60));
  await world.seal(topic);
  await append(topic, records(5, 61));
  world.log.pace = pace;
  return { world, topic };
}

const before = (seq: number) => ({ beforeSeq: seq, match: undefined });

function isDamage(error: unknown): boolean {
  assert.ok(error instanceof TopicsError, String(error));
  assert.equal(error.code, "internal");
  assert.match(String(error.detail?.["segment"]), /seg-00000001\.seg$/);
  return true;
}

describe("a delete below a seq that lies in a sealed block", () => {
  it("takes exactly what lies below, wherever the blocks end", async () => {
    for (let seq = 1; seq <= 66; seq++) {
      const { topic } = await sealedTopic();
      const first = Math.ceil(seq / 2);
      await topic.deleteRecords(before(first));
      const answer = await topic.deleteRecords(before(seq));
      const left = records(66 - seq, seq).map(({ data }) => data);
      assert.deepEqual(
        readPage(topic).records.map(({ data }) => data),
        left,
      );
      assert.deepEqual(
        [answer.earliestSeq, answer.count, answer.bytes, answer.deleted],
        [seq, left.length, left.reduce((sum: number, data) => sum + String(data).length, 0), seq - Math.max(1, first)],
      );
    }
  });

  it("fails and changes nothing where the block cannot be read", async () => {
    const { world, topic } = await sealedTopic();
    const frames = world.log.frames.length;
    const was = topic.summary();
    const seq = topic.parts[0].index.firstSeq(2) + 3;
    await damage(world, topic, seq);
    await assert.rejects(topic.deleteRecords(before(seq)), isDamage);
    assert.equal(world.log.frames.length, frames);
    assert.deepEqual(topic.summary(), was);
    assert.deepEqual(readPage(topic, { limit: 1 }).seqs, [1]);
  });

  it("needs no other block", async () => {
    const { world, topic } = await sealedTopic();
    const { index } = topic.parts[0];
    const [front, behind, last] = [5, index.firstSeq(1) + 1, index.firstSeq(3) + 2];
    await topic.deleteRecords(before(front));
    await damage(world, topic, front);
    await damage(world, topic, behind);
    assert.equal((await topic.deleteRecords(before(last))).deleted, last - front);
    assert.equal(readPage(topic, { limit: 1 }).seqs[0], last);
  });

  it("needs no block where one ends there", async () => {
    const { world, topic } = await sealedTopic();
    const { index } = topic.parts[0];
    const seq = index.firstSeq(2);
    for (const inside of [1, index.firstSeq(1), seq]) await damage(world, topic, inside);
    assert.equal((await topic.deleteRecords(before(seq))).earliestSeq, seq);
  });

  it("reads nothing any more once it is staged", async () => {
    const { world, topic } = await sealedTopic("by hand");
    const { index } = topic.parts[0];
    const seq = index.firstSeq(2) + 3;
    const deletion = topic.deleteRecords(before(seq));
    await turns(100);
    await damage(world, topic, seq);
    // The cache has room for little: what else is read takes it.
    for (const block of [0, 1, 3, 4]) readPage(topic, { fromSeq: index.firstSeq(block), limit: 1 });
    world.log.write();
    assert.equal((await deletion).deleted, seq - 1);
    assert.throws(() => readPage(topic, { limit: 1 }), isDamage);
  });

  it("is replayed, or says what it could not read", async () => {
    const { world, topic } = await sealedTopic();
    const checkpoint = world.captured(topic);
    const seq = topic.parts[0].index.firstSeq(2) + 3;
    await topic.deleteRecords(before(seq));
    assert.equal(readPage(await world.resumed(checkpoint), { limit: 1 }).seqs[0], seq);
    await damage(world, topic, seq);
    await assert.rejects(world.resumed(checkpoint), SegmentDamage);
  });

  it("takes staged records along, and none that came later", async () => {
    const { world, topic } = await sealedTopic("by hand");
    const staged = append(topic, records(1, 66));
    const deletion = topic.deleteRecords(before(1000));
    const later = append(topic, records(1, 67));
    await turns();
    world.log.write();
    await Promise.all([staged, later]);
    assert.equal((await deletion).deleted, 66);
    assert.deepEqual(readPage(topic).seqs, [67]);
  });
});
