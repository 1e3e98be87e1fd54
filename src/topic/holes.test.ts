import assert from "node:assert/strict";
import type { CommitClass } from "./config.ts";
import { append, readPage, records, World } from "./testing/world.ts";
import type { Topic } from "./topic.ts";

/** The topic as the next process has it, its hole in the log. */
function restarted(world: World, options: { readonly powerLost: boolean; readonly clean?: boolean }): Topic {
  const topic = world.replayed(world);
  if (options.clean === true) topic.markCleanStop();
  const hole = topic.recoveryHole(options.powerLost);
  if (hole !== undefined) {
    const frame = topic.holeFrame(hole, world.clock.nextStamp());
    assert.deepEqual(topic.replay(frame.fields, frame.payload, { index: 1, position: 0 }), { ok: true });
    world.log.frames.push(frame);
  }
  topic.afterRecovery(world.clock.ms);
  return topic;
}

describe("holes", () => {
  const cases: [CommitClass, boolean, boolean, boolean][] = [
    ["fsync", true, false, false],
    ["disk", true, false, true],
    ["disk", false, false, false],
    ["memory", false, false, true],
    ["memory", true, true, false],
    ["disk", true, true, false],
    ["ephemeral", false, false, true],
    ["ephemeral", false, true, true],
  ];
  for (const [durability, powerLost, clean, expected] of cases) {
    const how = clean ? "a clean stop" : powerLost ? "power loss" : "a process crash";
    it(`${expected ? "are" : "are not"} made in ${durability} topics by ${how}`, async () => {
      const world = new World();
      await append(await world.topic({ durability }), records(3));
      const topic = restarted(world, { powerLost, clean });
      assert.equal(topic.holes.length, Number(expected));
      const next = (await append(topic, records(1))).firstSeq;
      if (expected) assert.equal(next, topic.holes[0].to + 1);
      else assert.equal(next, 4);
      assert.ok(next >= 4, "no seq is used twice");
    });
  }

  it("end at the ceiling, are announced once by whoever stands before them, and are read past", async () => {
    const world = new World();
    await append(await world.topic(), records(3));
    const topic = restarted(world, { powerLost: true });
    const to = topic.holes[0].to;
    const atEnd = readPage(topic, { fromSeq: 3 });
    assert.deepEqual(atEnd.tombstone, {
      gapFrom: 4,
      gapTo: to,
      reason: "crash",
      missedEstimate: to - 3,
      earliestSeq: 1,
      headSeq: to,
    });
    assert.deepEqual([atEnd.next, atEnd.caughtUp], [to, true]);
    await append(topic, records(2));

    const first = readPage(topic);
    assert.deepEqual([first.seqs, first.next, first.caughtUp, first.tombstone], [[1, 2, 3], 3, false, undefined]);
    const second = readPage(topic, { fromSeq: first.next });
    assert.deepEqual([second.tombstone?.gapFrom, second.tombstone?.gapTo], [4, to]);
    assert.deepEqual([second.seqs, second.caughtUp], [[to + 1, to + 2], true]);
    const inside = readPage(topic, { fromSeq: to - 5 });
    assert.deepEqual([inside.tombstone?.gapFrom, inside.tombstone?.missedEstimate], [to - 4, 5]);
    assert.deepEqual(inside.seqs, [to + 1, to + 2]);
  });

  it("survive every later restart and join their neighbours of the same cause", async () => {
    const world = new World();
    await append(await world.topic({ durability: "memory" }), records(1));
    const once = restarted(world, { powerLost: false });
    const [{ to }] = once.holes;
    assert.deepEqual(restarted(world, { powerLost: false }).holes, once.holes);
    const third = world.replayed(world);
    const wider = { from: to + 1, to: to + 10, cause: "crash" as const };
    const frame = third.holeFrame(wider, world.clock.nextStamp());
    assert.deepEqual(third.replay(frame.fields, frame.payload, { index: 1, position: 0 }), { ok: true });
    assert.deepEqual(third.holes, [{ from: 2, to: to + 10, cause: "crash" }]);
  });

  it("do not join holes of another cause: each is announced by a read of its own", async () => {
    const world = new World();
    await append(await world.topic({ durability: "fsync" }), records(1));
    const topic = world.replayed(world);
    for (const hole of [
      { from: 2, to: 5, cause: "corrupt" },
      { from: 6, to: 9, cause: "restored" },
    ] as const) {
      const frame = topic.holeFrame(hole, world.clock.nextStamp());
      assert.deepEqual(topic.replay(frame.fields, frame.payload, { index: 1, position: 0 }), { ok: true });
    }
    const first = readPage(topic, { fromSeq: 1 });
    assert.deepEqual([first.tombstone?.reason, first.next, first.caughtUp], ["corrupt", 5, false]);
    const second = readPage(topic, { fromSeq: 5 });
    assert.deepEqual([second.tombstone?.reason, second.next, second.caughtUp], ["restored", 9, true]);
  });

  it("do not move the floor: what lies before one stays readable, and goes when retention has passed it", async () => {
    const world = new World();
    await append(await world.topic({ capRecords: 4 }), records(3));
    const topic = restarted(world, { powerLost: true });
    assert.deepEqual([topic.summary().evictFloor, topic.summary().earliestSeq], [1, 1]);
    await append(topic, records(4));
    // Records 1 to 3 are evicted: first their tombstone, then that of the hole.
    const [{ to }] = topic.holes;
    const page = readPage(topic);
    assert.deepEqual([page.tombstone?.reason, page.tombstone?.gapTo, page.next], ["cap", 3, 3]);
    assert.deepEqual([page.seqs, page.caughtUp], [[], false]);
    assert.equal(readPage(topic, { fromSeq: 3 }).tombstone?.reason, "crash");
    await append(topic, records(1));
    assert.equal(topic.summary().evictFloor, to + 2);
    assert.deepEqual(topic.holes, []);
    assert.equal(readPage(topic, { fromSeq: 3 }).tombstone?.reason, "cap");
  });

  it("of an ephemeral topic end at its head when a clean stop lowered its ceiling", async () => {
    const world = new World();
    const topic = await world.topic({ durability: "ephemeral" });
    await append(topic, records(5));
    await topic.lowerCeiling();
    assert.equal(topic.lowerCeiling(), undefined);
    const next = restarted(world, { powerLost: false, clean: true });
    assert.deepEqual(next.holes, [{ from: 1, to: 5, cause: "crash" }]);
    assert.equal((await append(next, records(1))).firstSeq, 6);
    assert.deepEqual(restarted(world, { powerLost: false }).summary().count, 0);
  });

  it("begin again from the start for a cursor that is above the head", async () => {
    const world = new World();
    const topic = await world.topic({ capRecords: 2 });
    const empty = readPage(topic, { fromSeq: 9 });
    assert.deepEqual([empty.tombstone?.reason, empty.tombstone?.gapFrom, empty.tombstone?.gapTo], ["recreated", 1, 0]);
    assert.deepEqual([empty.next, empty.caughtUp], [0, true]);
    await append(topic, records(3));
    const page = readPage(topic, { fromSeq: 9 });
    assert.deepEqual([page.tombstone?.reason, page.tombstone?.gapTo, page.seqs], ["recreated", 3, [2, 3]]);
    assert.equal(page.caughtUp, true);
  });
});
