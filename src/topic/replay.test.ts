import assert from "node:assert/strict";
import fc from "fast-check";
import { frameKind } from "../wal/commit.ts";
import { defaultConfig } from "./config.ts";
import { decodeEntry, encodeEntry, type SmallEntry } from "./entries.ts";
import type { LoggedFrame } from "./testing/fake-log.ts";
import { append, readPage, records, World } from "./testing/world.ts";
import { Topic } from "./topic.ts";

async function written(): Promise<World> {
  const world = new World();
  const topic = await world.topic();
  await append(topic, [{ data: 1, tag: "a\0", node: "n", meta: { m: 1 } }, { data: "ä" }], { key: "k\0ü" });
  await topic.deleteRecords({ beforeSeq: undefined, match: { op: "Glob", prefix: "a" } });
  await topic.configure({ ...topic.config, capBytes: 2n ** 63n });
  await append(topic, records(3));
  return world;
}

/** The reason why a changed log is not taken. */
function refusal(world: World, change: (frames: LoggedFrame[]) => void): string | undefined {
  const copy = new World();
  copy.log.frames.push(...world.log.frames);
  change(copy.log.frames);
  try {
    copy.replayed();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof Error && error.constructor === Error, String(error));
    return error.message;
  }
}

const edit = (frames: LoggedFrame[], at: number, fields: Partial<LoggedFrame["fields"]>): void => {
  frames[at] = { ...frames[at], fields: { ...frames[at].fields, ...fields } };
};

describe("replay", () => {
  it("finds what was there, and finds it again", async () => {
    const world = await written();
    const [once, twice] = [world.replayed(), world.replayed()];
    assert.deepEqual(readPage(once).seqs, [2, 3, 4, 5]);
    assert.deepEqual(readPage(once), readPage(twice));
    assert.deepEqual(once.config, { ...defaultConfig, capBytes: 2n ** 63n });
  });

  it("goes on behind what it found", async () => {
    const world = await written();
    const topic = world.replayed(world);
    topic.afterRecovery(world.clock.ms);
    assert.equal((await append(topic, records(1))).firstSeq, 6);
    assert.equal(world.replayed().summary().headSeq, 6);
  });

  it("reports missing, repeated and swapped operations", async () => {
    const world = await written();
    const changes: ((frames: LoggedFrame[]) => void)[] = [
      (frames) => frames.splice(2, 1),
      (frames) => frames.splice(2, 0, frames[2]),
      (frames) => frames.splice(2, 2, frames[3], frames[2]),
    ];
    for (const change of changes) assert.match(refusal(world, change) ?? "", /operation \d follows operation \d/);
  });

  it("reports seqs that do not follow, counts that differ, and ceilings that are passed", async () => {
    const world = await written();
    const batch = world.log.frames.findIndex(({ fields }) => fields.kind === frameKind.records);
    for (const fields of [
      { firstSeq: 2 },
      { firstSeq: 0 },
      { count: 1 },
      { ceiling: 1 },
      { kind: frameKind.hole },
      { kind: 48 },
    ]) {
      assert.notEqual(
        refusal(world, (frames) => edit(frames, batch, fields)),
        undefined,
        JSON.stringify(fields),
      );
    }
  });

  it("reports a second creation, a frame behind the deletion, and a log that begins otherwise", async () => {
    const world = await written();
    const again = { ...world.log.frames[0], fields: { ...world.log.frames[0].fields, op: 6 } };
    assert.equal(
      refusal(world, (frames) => void frames.push(again)),
      "a topic is created twice",
    );
    const topic = world.replayed(world);
    topic.afterRecovery(world.clock.ms);
    await topic.deleteTopic();
    assert.equal(world.replayed().isGone, true);
    const last = { ...world.log.frames[1], fields: { ...world.log.frames[1].fields, op: 7 } };
    assert.equal(
      refusal(world, (frames) => void frames.push(last)),
      "a frame follows the topic's deletion",
    );
    const { fields, payload } = world.log.frames[1];
    assert.equal(Topic.fromCreate(fields, payload, { index: 1, position: 0 }, new World()).ok, false);
  });

  it("never throws on payloads that were cut or changed, and never takes a cut one", async () => {
    const world = await written();
    const frames = world.log.frames;
    for (let at = 0; at < frames.length; at++) {
      const { fields, payload } = frames[at];
      for (let length = 0; length < payload.length; length++) {
        const cut = { fields, payload: payload.subarray(0, length) };
        const reason = refusal(world, (changed) => void (changed[at] = cut));
        if (fields.kind !== frameKind.topicDelete) assert.notEqual(reason, undefined, `${fields.kind} at ${length}`);
      }
    }
    const payload = frames[1].payload;
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const changed = Buffer.from(payload);
      changed[bit >>> 3] ^= 1 << (bit & 7);
      decodeEntry(frameKind.records, changed);
    }
  });

  it("decodes what was encoded, and nothing else from arbitrary bytes", () => {
    const hole = { from: 3, to: 9, cause: "corrupt" as const };
    const state = { head: 9, lastWriteTs: 5, capFloor: 2, ttlFloor: 3, silent: [1, 1], holes: [hole] };
    const router = {
      name: "s->d",
      made: 1,
      from: 2,
      preserveNode: true,
      preserveTag: false,
      filter: { op: "Glob" as const, prefix: "\0" },
      allowCycle: false,
      exactlyOnce: true,
      forwarded: 0,
    };
    const key = { key: "\ud800\0", firstSeq: 1, lastSeq: 2, ts: 3 };
    const entries: SmallEntry[] = [
      {
        kind: "topicCreate",
        name: "t",
        config: { ...defaultConfig, priority: -3, deadLetter: "d", ttlMs: 2n ** 64n - 1n },
      },
      { kind: "topicConfig", config: defaultConfig },
      { kind: "topicDelete" },
      { kind: "recordsDelete", what: { beforeSeq: 3, match: undefined, bound: 9 } },
      { kind: "recordsDelete", what: { beforeSeq: undefined, match: { op: "Eq", value: "\0" }, bound: 9 } },
      { kind: "recordsDelete", what: { beforeSeq: 3, match: { op: "Glob", prefix: "" }, bound: 0 } },
      { kind: "ceiling", lower: true },
      { kind: "hole", hole },
      { kind: "hole", hole, through: 17 },
      { kind: "routerConfig", change: { put: router, source: { id: 3, epoch: 3, name: "s" }, cursor: 4 } },
      { kind: "routerConfig", change: { remove: "s->d", cursor: 4 } },
      { kind: "rebase", step: { step: "begin", state } },
      { kind: "rebase", step: { step: "keys", keys: [key] } },
      { kind: "rebase", step: { step: "end", state } },
    ];
    for (const entry of entries) {
      const payload = encodeEntry(entry);
      assert.deepEqual(decodeEntry(frameKind[entry.kind], payload), { ok: true, entry });
      assert.equal(payload.includes(0), false);
    }
    const kinds = Object.values(frameKind);
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.uint8Array({ maxLength: 200 }), fc.jsonValue(), (kind, bytes, json) => {
        assert.equal(typeof decodeEntry(kind, bytes).ok, "boolean");
        assert.equal(typeof decodeEntry(kind, Buffer.from(JSON.stringify(json))).ok, "boolean");
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});
