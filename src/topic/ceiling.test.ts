import assert from "node:assert/strict";
import { frameKind } from "../wal/commit.ts";
import { Ceiling, largestHeadroom, smallestHeadroom } from "./ceiling.ts";
import { append, records, turns, World } from "./testing/world.ts";

describe("seq ceiling", () => {
  it("begins with room for what follows the creation", async () => {
    const world = new World();
    await world.topic();
    assert.equal(world.log.frames[0].fields.ceiling, smallestHeadroom);
  });

  it("rises in every frame, and is never passed by what is acked before its sync", async () => {
    const world = new World();
    const topic = await world.topic({}, "by hand");
    let acked = 0;
    let synced = world.log.frames[0].fields.ceiling;
    for (let round = 0; round < 60; round++) {
      void append(topic, records(100)).then(({ lastSeq }) => (acked = lastSeq));
      world.log.write();
      await turns();
      assert.ok(acked <= synced, `${acked} was acked, ${synced} is synced`);
      if (round % 20 === 19) {
        world.log.sync();
        synced = Math.max(...world.log.frames.map(({ fields }) => fields.ceiling));
        await turns();
        assert.equal(acked, (round + 1) * 100);
      }
    }
    const raises = world.log.frames.filter(({ fields }) => fields.kind === frameKind.ceiling);
    assert.ok(raises.length > 0 && raises.length <= 3, "it outruns its ceiling less and less often");
  });

  it("holds what outran it back until its frame is synced, in ephemeral topics too", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "ephemeral" }, "by hand");
    await append(topic, records(1000));
    let answered = false;
    const answer = append(topic, records(100)).finally(() => (answered = true));
    world.log.write();
    await turns();
    assert.deepEqual([answered, topic.summary().headSeq], [false, 1000]);
    world.log.sync();
    assert.equal((await answer).lastSeq, 1100);
  });

  it("is raised ahead of need where no other frames come along", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "ephemeral" }, "synced");
    for (let i = 0; i < 100; i++) {
      let answered = false;
      void append(topic, records(100)).then(() => (answered = true));
      await turns(3);
      assert.equal(answered, true);
      await turns();
    }
    assert.ok(world.log.frames.length < 30, "not with every append");
  });

  it("asks for four times what was assigned while a frame was on its way, within bounds, and calms down", () => {
    const ceiling = new Ceiling();
    ceiling.rise(ceiling.declare(0), 50_000);
    assert.equal(ceiling.declare(50_000), 250_000);
    ceiling.rise(250_000, 1e9);
    assert.equal(ceiling.declare(1e9), 1e9 + largestHeadroom);
    for (let i = 0; i < 200; i++) ceiling.rise(0, 1);
    assert.equal(ceiling.declare(2e9), 2e9 + smallestHeadroom);
  });

  it("takes the highest declared since it was last lowered", () => {
    const ceiling = new Ceiling();
    ceiling.replay(100, false);
    ceiling.replay(50, false);
    assert.equal(ceiling.declared, 100);
    ceiling.replay(10, true);
    ceiling.replay(5, false);
    assert.equal(ceiling.declared, 10);
  });
});
