import assert from "node:assert/strict";
import { TopicsError } from "../base/errors.ts";
import { frameKind } from "../wal/commit.ts";
import { defaultConfig } from "./config.ts";
import { append, readPage, records, turns, World } from "./testing/world.ts";
import { Topic } from "./topic.ts";

describe("configure", () => {
  it("is answered once it is synced, whatever the class", async () => {
    for (const durability of ["ephemeral", "memory", "disk", "fsync"] as const) {
      const world = new World();
      const topic = await world.topic({ durability }, "by hand");
      let answered = false;
      const change = topic.configure({ ...topic.config, capRecords: 2 }).finally(() => (answered = true));
      world.log.write();
      await turns();
      assert.deepEqual([answered, topic.config.capRecords], [false, 0]);
      world.log.sync();
      assert.deepEqual([await change, topic.config.capRecords], [true, 2]);
    }
  });

  it("logs nothing when nothing changes, and says so", async () => {
    const world = new World();
    const topic = await world.topic();
    assert.equal(await topic.configure({ ...topic.config }), false);
    assert.equal(world.log.frames.length, 1);
  });

  it("waits for the creation that it changes nothing of", async () => {
    const world = new World();
    world.log.pace = "by hand";
    const { topic, created } = Topic.create({ id: 1, epoch: 1, name: "t" }, defaultConfig, world, 0);
    let answered = false;
    const same = topic.configure({ ...defaultConfig }).finally(() => (answered = true));
    world.log.write();
    await turns();
    assert.equal(answered, false);
    world.log.sync();
    await created;
    assert.equal(await same, false);
  });

  it("waits for somebody else's change to the same", async () => {
    const world = new World();
    const topic = await world.topic({}, "by hand");
    const next = { ...topic.config, capRecords: 2 };
    const changes = [topic.configure(next), topic.configure(next)];
    await turns();
    assert.equal(world.log.pending, 1);
    world.log.fail();
    await assert.rejects(changes[0], TopicsError);
    await turns();
    world.log.sync();
    assert.equal(await changes[1], true);
  });

  it("fixes the class of a batch when it is planned", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "fsync" }, "by hand");
    const first = append(topic, records(1));
    const change = topic.configure({ ...topic.config, durability: "disk" });
    const second = append(topic, records(1));
    world.log.sync();
    await Promise.all([first, change]);
    assert.deepEqual([(await second).lastSeq, (await second).fsyncMs], [2, 0]);
  });

  it("logs what an ephemeral topic retains before it becomes durable", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "ephemeral", capRecords: 300, ttlMs: 1000 });
    for (let i = 0; i < 5; i++) {
      await append(
        topic,
        records(100).map((record, n) => ({ ...record, tag: `t${n % 7}`, node: `n${i}`, meta: { i } })),
        { key: `k${i}` },
      );
      world.clock.advance(10);
    }
    await topic.deleteRecords({ beforeSeq: undefined, match: { op: "Eq", value: "t3" } });
    await topic.configure({ ...topic.config, durability: "disk" });
    await append(topic, records(1));
    const found = world.replayed();
    for (const fromSeq of [0, 150, 250, 501]) {
      const options = { fromSeq, includeTags: true };
      assert.deepEqual(readPage(found, options), readPage(topic, options));
    }
    assert.equal((await append(topic, records(1), { key: "k4" })).deduped, true);
    found.afterRecovery(world.clock.ms);
    assert.equal((await append(found, records(1), { key: "k4" })).lastSeq, 500);
  });

  it("keeps an ephemeral topic as it was when its records cannot be logged, and logs them anew the next time", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "ephemeral" });
    await append(topic, records(3));
    world.log.pace = "by hand";
    const failed = topic.configure({ ...topic.config, durability: "disk" });
    await turns();
    world.log.write();
    await turns();
    world.log.write();
    await turns();
    world.log.fail();
    await assert.rejects(failed, TopicsError);
    assert.equal(topic.config.durability, "ephemeral");
    await append(topic, records(1));
    world.log.pace = "synced";
    await topic.configure({ ...topic.config, durability: "disk" });
    assert.deepEqual(readPage(world.replayed()).seqs, [1, 2, 3, 4]);
    const rebases = world.log.frames.filter(({ fields }) => fields.kind === frameKind.rebase);
    assert.equal(rebases.length, 3);
  });

  it("leaves an ephemeral topic, with a hole, when it crashes on the way to another class", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "ephemeral" });
    await append(topic, records(3));
    world.log.pace = "by hand";
    const change = topic.configure({ ...topic.config, durability: "disk" });
    for (let i = 0; i < 2; i++) {
      await turns();
      world.log.write();
    }
    await turns();
    const found = world.replayed(world);
    assert.equal(found.config.durability, "ephemeral");
    const hole = found.recoveryHole(false);
    assert.deepEqual([hole?.from, (hole?.to ?? 0) > 3], [4, true]);
    world.log.pace = "synced";
    for (let i = 0; i < 5; i++) {
      world.log.sync();
      await turns();
    }
    assert.equal(await change, true);
  });

  it("holds appends back while the class changes, and lets them go on afterwards", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "ephemeral" });
    await append(topic, records(3));
    const change = topic.configure({ ...topic.config, durability: "fsync" });
    const behind = append(topic, records(1));
    assert.equal(await change, true);
    assert.equal((await behind).firstSeq, 4);
    assert.deepEqual(readPage(world.replayed()).seqs, [1, 2, 3, 4]);
  });
});
