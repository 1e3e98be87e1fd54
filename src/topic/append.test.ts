import assert from "node:assert/strict";
import { TopicsError } from "../base/errors.ts";
import { type CommitClass, defaultConfig } from "./config.ts";
import { append, batchOf, readAll as requestAll, readPage, records, turns, World } from "./testing/world.ts";
import { Topic } from "./topic.ts";

const failsWith = (code: string) => (error: unknown) => error instanceof TopicsError && error.code === code;

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  promise.then(settle, settle);
  await turns();
  return settled;
}

describe("append", () => {
  it("assigns contiguous seqs from 1 and stores wire bytes", async () => {
    const world = new World();
    const topic = await world.topic();
    const first = await append(topic, [{ data: { a: 1 } }, { data: null, node: "n", meta: { k: "v" }, tag: "t" }]);
    assert.deepEqual([first.firstSeq, first.lastSeq, first.headSeq, first.count, first.deduped], [1, 2, 2, 2, false]);
    const second = await append(topic, records(3), { node: "m" });
    assert.deepEqual([second.firstSeq, second.lastSeq], [3, 5]);
    const ts = world.clock.ms;
    assert.deepEqual(readPage(topic).records, [
      { $seq: 1, $ts: ts, data: { a: 1 } },
      { $seq: 2, $ts: ts, $node: "n", data: null, meta: { k: "v" } },
      { $seq: 3, $ts: ts, $node: "m", data: 1 },
      { $seq: 4, $ts: ts, $node: "m", data: 2 },
      { $seq: 5, $ts: ts, $node: "m", data: 3 },
    ]);
    assert.deepEqual(world.heads, [2, 5]);
  });

  it("keeps values verbatim", async () => {
    const topic = await new World().topic();
    const value = '{"n":12345678901234567890,"e":1e400,"z":-0,"d":1.0,"k":1,"k":2,"u":"\\u0061\\ud800"}';
    const batch = batchOf(`{"records":[{"data":${value}}]}`);
    await topic.append({ batch, idempotencyKey: undefined, disableBackpressure: false });
    const [slice] = topic.readNow({ ...requestAll, limit: 1 }).slices;
    assert.ok(Buffer.from(slice).toString().includes(`"data":${value}}`));
  });

  const acks: [CommitClass, string][] = [
    ["ephemeral", "at once"],
    ["memory", "at once"],
    ["disk", "written"],
    ["fsync", "synced"],
  ];
  for (const [durability, stage] of acks) {
    it(`acks and shows ${durability} ${stage === "at once" ? stage : `once it is ${stage}`}`, async () => {
      const world = new World();
      const topic = await world.topic({ durability }, "by hand");
      const answer = append(topic, records(1));
      const seen = [[await isSettled(answer), readPage(topic).seqs.length]];
      world.log.write();
      seen.push([await isSettled(answer), readPage(topic).seqs.length]);
      world.log.sync();
      seen.push([await isSettled(answer), readPage(topic).seqs.length]);
      const from = { "at once": 0, written: 1, synced: 2 }[stage]!;
      assert.deepEqual(
        seen,
        [0, 1, 2].map((i) => [i >= from, Number(i >= from)]),
      );
    });
  }

  it("logs no records of an ephemeral topic", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "ephemeral" });
    await append(topic, records(500));
    assert.equal(world.log.frames.length, 1);
  });

  it("acks and shows nothing before the creation is synced", async () => {
    for (const durability of ["ephemeral", "memory", "disk", "fsync"] as const) {
      const world = new World();
      const { topic, created } = Topic.create({ id: 1, epoch: 1, name: "t" }, { ...defaultConfig, durability }, world);
      const answer = append(topic, records(2));
      world.log.write();
      assert.equal(await isSettled(answer), false);
      assert.throws(() => readPage(topic), failsWith("topic_not_found"));
      world.log.sync();
      await created;
      assert.equal((await answer).lastSeq, 2);
      assert.deepEqual(readPage(topic).seqs, [1, 2]);
    }
  });

  it("reports how long the kernel and the device took, the device only where the ack waited for it", async () => {
    for (const [durability, walAppendMs, fsyncMs] of [
      ["memory", 0, 0],
      ["disk", 3, 0],
      ["fsync", 3, 8],
    ] as const) {
      const world = new World();
      const topic = await world.topic({ durability }, "by hand");
      const answer = append(topic, records(1));
      world.clock.advance(3);
      world.log.write();
      world.clock.advance(5);
      world.log.sync();
      const { walAppendMs: walMs, fsyncMs: syncMs } = await answer;
      assert.deepEqual([walMs, syncMs], [walAppendMs, fsyncMs]);
    }
  });

  it("acks and publishes in operation order: what is ready waits for what is not", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "fsync" }, "by hand");
    const first = append(topic, records(1));
    const change = topic.configure({ ...topic.config, durability: "disk" });
    const second = append(topic, records(1));
    world.log.write();
    assert.equal(await isSettled(second), false);
    assert.deepEqual(readPage(topic).seqs, []);
    world.log.sync(1);
    assert.equal(await isSettled(first), true);
    assert.equal(await isSettled(second), false);
    world.log.sync(1);
    assert.deepEqual([await change, (await second).lastSeq], [true, 2]);
    assert.deepEqual(readPage(topic).seqs, [1, 2]);
  });

  it("answers an error for a failed commit, publishes nothing and gives its seqs and operation numbers back", async () => {
    const world = new World();
    const topic = await world.topic({}, "by hand");
    const kept = append(topic, records(2));
    world.log.write();
    await kept;
    const lost = [append(topic, records(3)), append(topic, records(1))];
    world.log.fail();
    for (const answer of lost) await assert.rejects(answer, failsWith("wal_unavailable"));
    assert.deepEqual(readPage(topic).seqs, [1, 2]);
    const again = append(topic, records(1));
    world.log.write();
    assert.equal((await again).firstSeq, 3);
    assert.deepEqual(readPage(world.replayed()).seqs, [1, 2, 3]);
  });

  it("keeps a memory record that was acked when its write fails", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "memory" }, "by hand");
    await append(topic, records(2));
    world.log.fail();
    assert.deepEqual(readPage(topic).seqs, [1, 2]);
    assert.equal((await append(topic, records(1))).firstSeq, 3);
  });

  it("fails what has no frame of its own together with the frame that it waits for", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "ephemeral" }, "by hand");
    const change = topic.configure({ ...topic.config, capRecords: 5 });
    const behind = append(topic, records(1));
    world.log.fail();
    await assert.rejects(change, failsWith("wal_unavailable"));
    await assert.rejects(behind, failsWith("wal_unavailable"));
    assert.equal((await append(topic, records(1))).firstSeq, 1);
    assert.equal(topic.config.capRecords, 0);
  });

  it("waits for room and then looks at everything anew", async () => {
    const world = new World();
    const topic = await world.topic({ discard: "reject", capRecords: 2 });
    let open = (): void => undefined;
    world.log.gate = new Promise((resolve) => {
      open = () => resolve();
    });
    const waiting = append(topic, records(2));
    world.log.gate = undefined;
    await append(topic, records(1));
    open();
    await assert.rejects(waiting, failsWith("topic_full"));
  });

  it("says when its records have their seqs, before they are acked and not while it waits for room", async () => {
    const world = new World();
    const topic = await world.topic({}, "by hand");
    let open = (): void => undefined;
    world.log.gate = new Promise((resolve) => {
      open = () => resolve();
    });
    let staged = false;
    const request = { idempotencyKey: undefined, disableBackpressure: false, staged: () => (staged = true) };
    const answer = topic.append({ batch: batchOf('{"records":[{"data":1}]}'), ...request });
    await turns();
    assert.equal(staged, false);
    world.log.gate = undefined;
    open();
    assert.equal(await isSettled(answer), false);
    assert.equal(staged, true);
    world.log.write();
    assert.equal((await answer).firstSeq, 1);
  });

  it("refuses when the shard does, before a seq is assigned", async () => {
    const world = new World();
    const topic = await world.topic();
    world.log.gate = new TopicsError("throttled", "busy");
    await assert.rejects(append(topic, records(1)), failsWith("throttled"));
    world.log.gate = undefined;
    assert.equal((await append(topic, records(1))).firstSeq, 1);
  });

  it("never lets $ts decrease within a topic", async () => {
    const world = new World();
    const topic = await world.topic();
    await append(topic, records(1));
    world.clock.ms -= 5000;
    await append(topic, records(1));
    const [first, second] = readPage(topic).records;
    assert.equal(second["$ts"], first["$ts"]);
  });

  it("ends with topic_not_found when the topic goes while it waits", async () => {
    const world = new World();
    const topic = await world.topic({}, "by hand");
    const deletion = topic.deleteTopic();
    const late = append(topic, records(1));
    world.log.sync();
    assert.equal(await deletion, true);
    await assert.rejects(late, failsWith("topic_not_found"));
    assert.equal(await topic.deleteTopic(), false);
    assert.equal(world.quota.records, 0);
  });
});
