import assert from "node:assert/strict";
import { TopicsError } from "../base/errors.ts";
import { append, readPage, records, turns, World } from "./testing/world.ts";

const key = "k";

describe("idempotency", () => {
  it("answers a repeat with the first answer's seqs and head, and appends nothing", async () => {
    const topic = await new World().topic();
    const first = await append(topic, records(2), { key });
    await append(topic, records(1));
    const repeat = await append(topic, records(5), { key });
    assert.deepEqual({ ...first, deduped: true }, repeat);
    assert.equal(topic.summary().headSeq, 3);
  });

  it("takes the empty string for a key", async () => {
    const topic = await new World().topic();
    await append(topic, records(1), { key: "" });
    assert.equal((await append(topic, records(1), { key: "" })).deduped, true);
  });

  it("remembers for the window, counted from the commit's $ts", async () => {
    const world = new World();
    const topic = await world.topic({ idempotencyWindowMs: 100 });
    await append(topic, records(1), { key });
    world.clock.advance(100);
    assert.equal((await append(topic, records(1), { key })).deduped, true);
    world.clock.advance(1);
    assert.equal((await append(topic, records(1), { key })).firstSeq, 2);
  });

  it("remembers nothing with a window of 0", async () => {
    const world = new World();
    const topic = await world.topic({ idempotencyWindowMs: 0 });
    const [one, two] = await Promise.all([append(topic, records(1), { key }), append(topic, records(1), { key })]);
    assert.deepEqual([one.firstSeq, two.firstSeq, world.quota.keys], [1, 2, 0]);
  });

  it("lets the second wait for the first when both arrive at once", async () => {
    const world = new World();
    const topic = await world.topic({}, "by hand");
    const [one, two] = [append(topic, records(2), { key }), append(topic, records(2), { key })];
    await turns();
    assert.equal(world.log.pending, 1);
    world.log.write();
    assert.deepEqual([(await one).deduped, (await two).deduped, (await two).lastSeq], [false, true, 2]);
  });

  it("lets the next one append when the first fails for certain", async () => {
    const world = new World();
    const topic = await world.topic({}, "by hand");
    const [one, two, three] = [1, 2, 3].map(() => append(topic, records(1), { key }));
    await turns();
    world.log.fail();
    await assert.rejects(one, TopicsError);
    await turns();
    world.log.write();
    assert.deepEqual([(await two).deduped, (await three).deduped], [false, true]);
    assert.deepEqual([topic.summary().headSeq, world.quota.keys], [1, 1]);
  });

  it("gives all of them the error when the outcome is unknown", async () => {
    const world = new World();
    const topic = await world.topic({}, "by hand");
    const all = [1, 2, 3].map(() => append(topic, records(1), { key }));
    await turns();
    world.log.fail("unknown");
    const isUnknown = (error: unknown): boolean =>
      error instanceof TopicsError && error.detail?.["outcome"] === "unknown";
    for (const answer of all) await assert.rejects(answer, isUnknown);
    assert.equal(world.quota.keys, 0);
  });

  it("refuses a key over the quota before a seq is assigned, and never forgets one early", async () => {
    const world = new World();
    world.quota.maxKeys = 1;
    const topic = await world.topic({ idempotencyWindowMs: 100 });
    await append(topic, records(1), { key });
    await assert.rejects(append(topic, records(1), { key: "l" }), (error: unknown) => {
      assert.ok(error instanceof TopicsError && error.code === "throttled");
      assert.deepEqual(error.detail, { limit: "max_idempotency_keys", max: 1 });
      return true;
    });
    assert.equal((await append(topic, records(1), { key })).deduped, true);
    assert.equal(topic.summary().headSeq, 1);
    world.clock.advance(101);
    assert.equal((await append(topic, records(1), { key: "l" })).firstSeq, 2);
  });

  it("survives a restart in classes that are logged, and goes with the topic", async () => {
    for (const durability of ["memory", "disk", "fsync"] as const) {
      const world = new World();
      await append(await world.topic({ durability }), records(3), { key });
      const elsewhere = world.elsewhere();
      const topic = world.replayed(elsewhere);
      topic.afterRecovery(world.clock.ms);
      assert.equal(elsewhere.quota.keys, 1);
      assert.equal((await append(topic, records(1), { key })).lastSeq, 3);
      assert.deepEqual(readPage(topic).seqs, [1, 2, 3]);
      elsewhere.log.frames.push(...world.log.frames);
      elsewhere.log.pace = "synced";
      await topic.deleteTopic();
      assert.equal(elsewhere.quota.keys, 0);
    }
  });

  it("gives the quota back when keys expire in a topic that nobody writes to", async () => {
    const world = new World();
    const topic = await world.topic({ idempotencyWindowMs: 100 });
    await append(topic, records(1), { key });
    world.clock.advance(101);
    topic.dropExpiredKeys(world.clock.ms);
    assert.equal(world.quota.keys, 0);
  });
});
