import assert from "node:assert/strict";
import { TopicsError } from "../base/errors.ts";
import { damage } from "./testing/damage.ts";
import { append, readPage, records, turns, World } from "./testing/world.ts";

const big = (count: number): { data: string }[] => Array.from({ length: count }, () => ({ data: "x".repeat(98) }));

describe("retention", () => {
  it("leaves the last three of five records written into cap_records: 3", async () => {
    const topic = await new World().topic({ capRecords: 3 });
    assert.equal((await append(topic, records(5))).lastSeq, 5);
    const { count, bytes, earliestSeq, evictFloor } = topic.summary();
    assert.deepEqual([count, bytes, earliestSeq, evictFloor], [3, 3, 3, 3]);
    const { seqs, tombstone } = readPage(topic);
    assert.deepEqual(seqs, [3, 4, 5]);
    assert.deepEqual(tombstone, { gapFrom: 1, gapTo: 2, reason: "cap", missedEstimate: 2, earliestSeq: 3, headSeq: 5 });
  });

  it("counts payload bytes as stored for cap_bytes, without framing", async () => {
    const topic = await new World().topic({ capBytes: 250 });
    await append(topic, big(3));
    const { count, bytes } = topic.summary();
    assert.deepEqual([count, bytes], [2, 200]);
  });

  it("hits whichever cap comes first", async () => {
    const topic = await new World().topic({ capBytes: 1000, capRecords: 2 });
    await append(topic, big(4));
    assert.equal(topic.summary().count, 2);
    const other = await new World().topic({ capBytes: 100, capRecords: 2 });
    await append(other, big(4));
    assert.equal(other.summary().count, 1);
  });

  it("empties a topic that a single record is too large for", async () => {
    const topic = await new World().topic({ capBytes: 50 });
    await append(topic, big(1));
    const { count, earliestSeq, evictFloor, headSeq } = topic.summary();
    assert.deepEqual([count, earliestSeq, evictFloor, headSeq], [0, 2, 2, 1]);
  });

  it("refuses a write to a full reject topic before a seq is assigned", async () => {
    const topic = await new World().topic({ capRecords: 3, discard: "reject" });
    await append(topic, records(2));
    await assert.rejects(append(topic, records(2)), (error: unknown) => {
      assert.ok(error instanceof TopicsError && error.code === "topic_full");
      assert.deepEqual(error.detail, { topic: "t", cap_records: 3, cap_bytes: 0, head_seq: 2, earliest_seq: 1 });
      return true;
    });
    assert.equal((await append(topic, records(1))).firstSeq, 3);
  });

  it("refuses a write larger than the whole cap of a reject topic as record_too_large", async () => {
    const topic = await new World().topic({ capBytes: 150, discard: "reject" });
    const isTooLarge = (error: unknown): boolean => error instanceof TopicsError && error.code === "record_too_large";
    await assert.rejects(append(topic, big(2)), isTooLarge);
  });

  it("counts staged records toward the caps of a reject topic", async () => {
    const world = new World();
    const topic = await world.topic({ capRecords: 3, discard: "reject" }, "by hand");
    const first = append(topic, records(2));
    const second = append(topic, records(2));
    await assert.rejects(second, (error: unknown) => error instanceof TopicsError && error.code === "topic_full");
    world.log.sync();
    assert.equal((await first).lastSeq, 2);
  });

  it("expires a record when now - $ts > ttl_ms, strictly, from every read and count at once", async () => {
    const world = new World();
    const topic = await world.topic({ ttlMs: 100 });
    await append(topic, records(2));
    world.clock.advance(50);
    await append(topic, records(1));
    world.clock.advance(50);
    assert.equal(topic.summary().count, 3);
    world.clock.advance(1);
    const { count, bytes, earliestSeq, evictFloor } = topic.summary();
    assert.deepEqual([count, bytes, earliestSeq, evictFloor], [1, 1, 3, 3]);
    const { seqs, tombstone } = readPage(topic);
    assert.deepEqual(seqs, [3]);
    assert.deepEqual([tombstone?.gapFrom, tombstone?.gapTo, tombstone?.reason], [1, 2, "ttl"]);
  });

  it("says when a clock value has to be logged, and takes what expired by it for good", async () => {
    const world = new World();
    const topic = await world.topic({ ttlMs: 100 });
    await append(topic, records(2));
    const start = world.clock.ms;
    assert.equal(topic.nextExpiryMs(), start + 101);
    world.clock.advance(101);
    assert.equal(topic.expiredUnlogged(world.clock.ms), true);
    assert.equal(world.quota.records, 2);
    topic.expireLogged(world.clock.ms);
    assert.equal(topic.expiredUnlogged(world.clock.ms), false);
    assert.equal(world.quota.records, 0);
    assert.equal(topic.nextExpiryMs(), undefined);
    // A clock that steps back revives nothing.
    world.clock.ms = start;
    assert.equal(topic.summary().count, 0);
  });

  it("counts deleted records toward neither cap", async () => {
    const topic = await new World().topic({ capRecords: 3 });
    await append(topic, [{ data: 1, tag: "x" }, ...records(2)]);
    await topic.deleteRecords({ beforeSeq: undefined, match: { op: "Eq", value: "x" } });
    await append(topic, records(1));
    assert.deepEqual(readPage(topic).seqs, [2, 3, 4]);
    assert.equal(topic.summary().evictFloor, 1);
  });

  it("drops deleted slots without moving the evict floor, and does not announce them", async () => {
    const topic = await new World().topic({ capRecords: 4 });
    await append(topic, [{ data: 1, tag: "x" }, { data: 2, tag: "x" }, ...records(4)]);
    assert.equal(topic.summary().evictFloor, 3);
    const other = await new World().topic({ capRecords: 4 });
    await append(other, [{ data: 1, tag: "x" }, { data: 2, tag: "x" }, ...records(2)]);
    await other.deleteRecords({ beforeSeq: undefined, match: { op: "Eq", value: "x" } });
    assert.deepEqual([other.summary().evictFloor, other.summary().earliestSeq], [1, 3]);
    assert.equal(readPage(other).tombstone, undefined);
    await append(other, records(3));
    // 3 was evicted: the gap reaches up to it, and of its three seqs two had been deleted.
    const { tombstone } = readPage(other);
    assert.deepEqual([tombstone?.gapFrom, tombstone?.gapTo, tombstone?.missedEstimate], [1, 3, 1]);
  });

  it("keeps the causes apart: cap, ttl, and mixed where both lie behind the cursor", async () => {
    const world = new World();
    const topic = await world.topic({ capRecords: 3, ttlMs: 100 });
    await append(topic, records(3));
    await append(topic, records(2));
    world.clock.advance(90);
    await append(topic, records(1));
    assert.equal(readPage(topic).tombstone?.reason, "cap");
    world.clock.advance(20);
    assert.equal(readPage(topic).tombstone?.reason, "mixed");
    assert.equal(readPage(topic, { fromSeq: 3 }).tombstone?.reason, "ttl");
    assert.deepEqual(readPage(topic, { fromSeq: 3 }).tombstone?.gapTo, 5);
  });

  it("applies a tightened cap or TTL at once to what is retained", async () => {
    const world = new World();
    const topic = await world.topic();
    await append(topic, records(5));
    await topic.configure({ ...topic.config, capRecords: 2 });
    assert.deepEqual(readPage(topic).seqs, [4, 5]);
    world.clock.advance(50);
    await topic.configure({ ...topic.config, ttlMs: 10 });
    assert.deepEqual(topic.summary().count, 0);
  });

  it("never revives a record when the TTL is raised, not even while the change is on its way", async () => {
    const world = new World();
    const topic = await world.topic({ ttlMs: 100 }, "by hand");
    const written = append(topic, records(1));
    world.log.sync();
    await written;
    world.clock.advance(100);
    const change = topic.configure({ ...topic.config, ttlMs: 0 });
    world.clock.advance(1);
    // Not expired under the configuration that is about to hold: it must not be shown as expired before.
    assert.equal(topic.summary().count, 1);
    world.log.sync();
    await change;
    assert.equal(topic.summary().count, 1);

    const other = await world.elsewhere().topic({ ttlMs: 100 });
    await append(other, records(1));
    world.clock.advance(101);
    await other.configure({ ...other.config, ttlMs: 0 });
    assert.equal(other.summary().count, 0);
  });

  it("takes limits above 2^53 as what they are: out of reach", async () => {
    const world = new World();
    const topic = await world.topic({
      capBytes: 2n ** 64n - 1n,
      ttlMs: 2n ** 60n,
      capRecords: 2n ** 54n,
      discard: "reject",
    });
    await append(topic, records(3));
    world.clock.advance(1e12);
    assert.equal(topic.summary().count, 3);
    await turns();
    assert.deepEqual(world.replayed().config, topic.config);
  });
});

describe("retention whose bound lies in a block that cannot be read", () => {
  it("keeps what it cannot count, and takes it as soon as it can be read", async () => {
    const world = new World();
    const topic = await world.topic();
    await append(topic, records(60));
    await world.seal(topic);
    const { index } = topic.parts[0];
    const seq = index.firstSeq(2) + 3;
    await damage(world, topic, seq);
    await topic.configure({ ...topic.config, capRecords: 61 - seq });
    assert.equal(topic.summary().earliestSeq, index.firstSeq(2));
    await damage(world, topic, seq);
    world.clock.ms += 1000;
    const { earliestSeq, count, evictFloor } = topic.summary();
    assert.deepEqual([earliestSeq, count, evictFloor], [seq, 61 - seq, seq]);
    assert.equal(readPage(topic, { limit: 1 }).tombstone?.gapTo, seq - 1);
  });

  it("is made up for by the next start", async () => {
    const world = new World();
    const topic = await world.topic();
    await append(topic, records(60));
    await world.seal(topic);
    const seq = topic.parts[0].index.firstSeq(2) + 3;
    await damage(world, topic, seq);
    await topic.configure({ ...topic.config, capRecords: 61 - seq });
    const checkpoint = world.captured(topic);
    await damage(world, topic, seq);
    const found = await world.resumed(checkpoint);
    found.afterRecovery(world.clock.ms);
    assert.equal(found.summary().evictFloor, seq);
  });
});
