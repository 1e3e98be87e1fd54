import assert from "node:assert/strict";
import { TopicsError } from "../base/errors.ts";
import type { ReadRequest } from "./read.ts";
import { append, pageOf, readAll, records, type TestPage, turns, World } from "./testing/world.ts";
import type { Topic } from "./topic.ts";

function poll(topic: Topic, request: Partial<ReadRequest> = {}): Promise<TestPage> {
  return topic.read({ ...readAll, waitMs: 1000, ...request }).then(pageOf);
}

describe("long poll", () => {
  it("answers at once when there is something to read", async () => {
    const world = new World();
    const topic = await world.topic();
    await append(topic, records(1));
    assert.deepEqual((await poll(topic)).seqs, [1]);
    assert.equal(world.clock.timers, 0);
  });

  it("answers as soon as a record is published, and frees its timer", async () => {
    const world = new World();
    const topic = await world.topic();
    const answers = [poll(topic), poll(topic)];
    await turns();
    assert.equal(world.clock.timers, 2);
    await append(topic, records(2));
    for (const answer of answers) assert.deepEqual((await answer).seqs, [1, 2]);
    assert.equal(world.clock.timers, 0);
  });

  it("sleeps on while records are staged and not published", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "fsync" }, "by hand");
    let answered = false;
    const answer = poll(topic).finally(() => (answered = true));
    const written = append(topic, records(1));
    world.log.write();
    await turns();
    assert.equal(answered, false);
    world.log.sync();
    await written;
    assert.deepEqual((await answer).seqs, [1]);
  });

  it("answers when the cursor can move though every new record is the reader's own", async () => {
    const topic = await new World().topic();
    const answer = poll(topic, { nodes: ["me"] });
    await append(topic, records(2), { node: "me" });
    const { seqs, next, caughtUp } = await answer;
    assert.deepEqual([seqs, next, caughtUp], [[], 2, true]);
  });

  it("answers empty when its time is up", async () => {
    const world = new World();
    const topic = await world.topic();
    const answer = poll(topic, { waitMs: 500 });
    await turns();
    world.clock.advance(499);
    await turns();
    assert.equal(world.clock.timers, 1);
    world.clock.advance(1);
    const { seqs, next, caughtUp } = await answer;
    assert.deepEqual([seqs, next, caughtUp, world.clock.timers], [[], 0, true, 0]);
  });

  it("ends with topic_not_found when the topic goes", async () => {
    const world = new World();
    const topic = await world.topic();
    const answer = poll(topic);
    await topic.deleteTopic();
    await assert.rejects(answer, (error: unknown) => error instanceof TopicsError && error.code === "topic_not_found");
    assert.equal(world.clock.timers, 0);
    await assert.rejects(poll(topic), TopicsError);
  });

  it("frees everything when the reader has gone, also when it had gone before", async () => {
    const world = new World();
    const topic = await world.topic();
    const gone = new AbortController();
    const answer = poll(topic, { signal: gone.signal });
    await turns();
    gone.abort();
    assert.deepEqual((await answer).seqs, []);
    assert.deepEqual((await poll(topic, { signal: gone.signal })).seqs, []);
    assert.equal(world.clock.timers, 0);
  });

  it("ends for everybody when the server stops", async () => {
    const topic = await new World().topic();
    const answer = poll(topic);
    await turns();
    topic.endWaits(new TopicsError("shutting_down", "the server is stopping"));
    await assert.rejects(answer, (error: unknown) => error instanceof TopicsError && error.code === "shutting_down");
  });

  it("counts as a read of the topic", async () => {
    const world = new World();
    const topic = await world.topic();
    assert.equal(topic.summary().lastReadTs, undefined);
    await poll(topic, { waitMs: 0 });
    assert.equal(topic.summary().lastReadTs, world.clock.ms);
  });
});
