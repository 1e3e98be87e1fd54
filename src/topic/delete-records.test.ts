import assert from "node:assert/strict";
import type { Predicate } from "../base/predicate.ts";
import type { CommitClass } from "./config.ts";
import { append, readPage, turns, World } from "./testing/world.ts";

const tagged = (...tags: (string | undefined)[]) =>
  tags.map((tag, i) => (tag === undefined ? { data: i } : { data: i, tag }));
const eq = (value: string): Predicate => ({ op: "Eq", value });
const glob = (prefix: string): Predicate => ({ op: "Glob", prefix });

describe("delete", () => {
  it("takes every record below before_seq, and answers what is left", async () => {
    const topic = await new World().topic();
    await append(topic, tagged("a", "b", "c", "d"));
    const answer = await topic.deleteRecords({ beforeSeq: 3, match: undefined });
    assert.deepEqual(answer, { deleted: 2, earliestSeq: 3, headSeq: 4, count: 2, bytes: 2 });
    const { seqs, tombstone } = readPage(topic);
    assert.deepEqual([seqs, tombstone], [[3, 4], undefined]);
  });

  it("takes every record whose tag matches, never an untagged one", async () => {
    const topic = await new World().topic();
    await append(topic, tagged("a", undefined, "ab", "", "b"));
    assert.equal((await topic.deleteRecords({ beforeSeq: undefined, match: eq("a") })).deleted, 1);
    assert.equal((await topic.deleteRecords({ beforeSeq: undefined, match: glob("a") })).deleted, 1);
    assert.equal((await topic.deleteRecords({ beforeSeq: undefined, match: glob("") })).deleted, 2);
    assert.deepEqual(readPage(topic).seqs, [2]);
    assert.deepEqual(topic.summary().evictFloor, 1);
  });

  it("takes the intersection of both", async () => {
    const topic = await new World().topic();
    await append(topic, tagged("a", "b", "a", "a"));
    assert.equal((await topic.deleteRecords({ beforeSeq: 4, match: eq("a") })).deleted, 2);
    assert.deepEqual(readPage(topic).seqs, [2, 4]);
  });

  it("is point-in-time: staged records are included, later ones with that tag are safe", async () => {
    const world = new World();
    const topic = await world.topic({}, "by hand");
    const before = append(topic, tagged("a"));
    const deletion = topic.deleteRecords({ beforeSeq: undefined, match: eq("a") });
    const after = append(topic, tagged("a"));
    await turns();
    world.log.write();
    await Promise.all([before, after]);
    assert.equal((await deletion).deleted, 1);
    assert.deepEqual(readPage(topic).seqs, [2]);
    assert.deepEqual(readPage(world.replayed()).seqs, [2]);
  });

  const stages: [CommitClass, number][] = [
    ["ephemeral", 0],
    ["memory", 0],
    ["disk", 1],
    ["fsync", 2],
  ];
  for (const [durability, stage] of stages) {
    it(`of a ${durability} topic is in force when its class acks it`, async () => {
      const world = new World();
      const topic = await world.topic({ durability });
      await append(topic, tagged("a", "b"));
      world.log.pace = "by hand";
      const deletion = topic.deleteRecords({ beforeSeq: 2, match: undefined });
      const steps = [() => undefined, () => world.log.write(), () => world.log.sync()];
      for (const [i, take] of steps.entries()) {
        take();
        await turns();
        assert.equal(topic.summary().count, i >= stage ? 1 : 2);
      }
      assert.equal((await deletion).deleted, 1);
    });
  }

  it("goes on when it is only the reserve that has room", async () => {
    const world = new World();
    const topic = await world.topic();
    await append(topic, tagged("a"));
    const asked: boolean[] = [];
    Object.defineProperty(world.log, "admit", {
      value: (_bytes: number, options: { reserve: boolean }) => void asked.push(options.reserve),
    });
    await topic.deleteRecords({ beforeSeq: 2, match: undefined });
    await append(topic, tagged("a"));
    await topic.deleteTopic();
    assert.deepEqual(asked, [true, false, true]);
  });

  it("logs nothing when there is nothing to take", async () => {
    const world = new World();
    const topic = await world.topic();
    await append(topic, tagged("a"));
    const frames = world.log.frames.length;
    assert.equal((await topic.deleteRecords({ beforeSeq: 1, match: undefined })).deleted, 0);
    assert.equal((await topic.deleteRecords({ beforeSeq: undefined, match: eq("z") })).deleted, 0);
    assert.equal(world.log.frames.length, frames);
  });

  it("is logged by an ephemeral topic as long as it touches what the log has", async () => {
    const world = new World();
    const topic = await world.topic();
    await append(topic, tagged("a", "b"));
    await topic.configure({ ...topic.config, durability: "ephemeral" });
    await topic.deleteRecords({ beforeSeq: undefined, match: eq("a") });
    assert.deepEqual(readPage(world.replayed()).seqs, [2]);
  });

  it("drops what is wholly deleted in the middle and reads on behind it", async () => {
    const topic = await new World().topic();
    for (let i = 0; i < 50; i++)
      await append(topic, tagged(...Array.from({ length: 40 }, () => (i % 2 ? "odd" : "even"))));
    await topic.deleteRecords({ beforeSeq: undefined, match: eq("odd") });
    const { seqs, caughtUp } = readPage(topic, { limit: 5000 });
    assert.equal(seqs.length, 1000);
    assert.ok(seqs.every((seq) => Math.floor((seq - 1) / 40) % 2 === 0) && caughtUp);
    await topic.deleteRecords({ beforeSeq: undefined, match: eq("even") });
    assert.deepEqual([topic.summary().count, topic.summary().earliestSeq], [0, 2001]);
    await append(topic, tagged("new"));
    assert.deepEqual(readPage(topic).seqs, [2001]);
  });
});
