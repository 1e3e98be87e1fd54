import { defaultStorageConfig } from "./storage-config.ts";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, open as openFile, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TopicsError } from "../base/errors.ts";
import { defaultBatchLimits, maxIdempotencyKeyBytes } from "../base/limits.ts";
import { portableSlicer } from "../base/json-slice.ts";
import { nodeEnv } from "../env/node-env.ts";
import { StartRefusal } from "../storage/refusal.ts";
import { type CommitClass } from "../topic/config.ts";
import { wholeRead } from "../topic/testing/whole-read.ts";
import { defaultWalConfig } from "../wal/config.ts";
import type { AppendRequest, AppendResult } from "./api.ts";
import { openEngine, type RunningEngine } from "./engine.ts";

const limits = { ...defaultBatchLimits, maxKeyBytes: maxIdempotencyKeyBytes };
const everything = { ...wholeRead, maxBytes: 1 << 20 };

function requestOf(body: unknown): AppendRequest {
  const slicing = portableSlicer.begin(Buffer.from(JSON.stringify(body)), limits);
  while (!slicing.step(1 << 20));
  const { batch, idempotencyKey, create, disableBackpressure } = slicing.result();
  return { batch, idempotencyKey, create, config: undefined, disableBackpressure };
}

async function contents(engine: RunningEngine, topic: string): Promise<string> {
  const result = await engine.read(topic, everything);
  return result.slices.map((slice) => Buffer.from(slice).toString()).join(",");
}

describe("the engine on a real disk", () => {
  let directory: string;
  const opened: RunningEngine[] = [];

  async function start(more: { readonly maxTotalBytes?: number } = {}): Promise<RunningEngine> {
    const hooks = {
      events: () => undefined,
      crash: (error: unknown) => {
        throw error;
      },
    };
    const config = {
      directory,
      shards: 2,
      shardsAsked: false,
      wal: defaultWalConfig,
      storage: defaultStorageConfig,
      maxTopics: 10,
      maxIdempotencyKeys: 10,
      ...more,
    };
    const engine = await openEngine(nodeEnv(), config, hooks);
    opened.push(engine);
    await engine.recover();
    return engine;
  }

  async function stop(engine: RunningEngine): Promise<void> {
    opened.splice(opened.indexOf(engine), 1);
    assert.ok(await engine.close(10_000));
  }

  const put = (engine: RunningEngine, topic: string, durability: CommitClass): Promise<unknown> =>
    engine.configureTopic(topic, { durability }, "put");
  const append = (engine: RunningEngine, topic: string, data: unknown): Promise<AppendResult> =>
    engine.append(topic, requestOf({ records: [{ data, tag: "t" }] }));

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "topics-engine-"))));
  afterEach(async () => {
    for (const engine of opened.splice(0)) await engine.close(10_000);
    rmSync(directory, { recursive: true, force: true });
  });

  it("gives back every class's records after a clean stop, but ephemeral ones", async () => {
    const first = await start();
    for (const durability of ["ephemeral", "memory", "disk", "fsync"] as const) {
      await put(first, durability, durability);
      await append(first, durability, { of: durability });
      await append(first, durability, 2);
    }
    const before = await contents(first, "fsync");
    await stop(first);
    const second = await start();
    assert.equal(await contents(second, "fsync"), before);
    for (const durability of ["memory", "disk", "fsync"]) {
      const state = second.topicState(durability, false);
      assert.deepEqual([state.headSeq, state.count, state.earliestSeq], [2, 2, 1]);
    }
    const lost = await second.read("ephemeral", everything);
    assert.deepEqual([lost.count, lost.tombstone?.reason, lost.tombstone?.gapTo], [0, "crash", 2]);
    assert.equal((await append(second, "ephemeral", 3)).firstSeq, 3);
  });

  it("keeps the bytes of all topics together within their bound, and takes more when there is room", async () => {
    const engine = await start({ maxTotalBytes: 100 });
    const full = (error: unknown): boolean => {
      assert.ok(error instanceof TopicsError && error.code === "throttled");
      assert.deepEqual(error.detail, { limit: "max_total_bytes", max: 100 });
      return true;
    };
    await engine.configureTopic("capped", { capRecords: 2 }, "put");
    const ten = "x".repeat(8);
    for (let i = 0; i < 5; i++) await append(engine, "capped", ten);
    for (let i = 0; i < 8; i++) await append(engine, "open", ten);
    await assert.rejects(append(engine, "open", ten), full);
    await assert.rejects(append(engine, "new", ten), full);
    assert.throws(() => engine.topicState("new", false), /no topic/, "nothing is left behind by what was refused");
    await append(engine, "capped", ten);
    await engine.deleteRecords("open", { beforeSeq: 3, match: undefined });
    await append(engine, "open", ten);
    await append(engine, "new", ten);
    await assert.rejects(append(engine, "new", ten), full);
    await stop(engine);
    const again = await start({ maxTotalBytes: 100 });
    await assert.rejects(append(again, "open", ten), full);
  });

  it("goes on syncing while four calls hang in the thread pool", async () => {
    const engine = await start();
    await put(engine, "safe", "fsync");
    const fifo = join(directory, "stuck");
    execFileSync("mkfifo", [fifo]);
    const stuck = Array.from(
      { length: 4 },
      () =>
        new Promise<number>((resolve, reject) =>
          openFile(fifo, "r", (error, fd) => (error ? reject(error) : resolve(fd))),
        ),
    );
    try {
      for (let i = 0; i < 20; i++) assert.equal((await append(engine, "safe", i)).firstSeq, i + 1);
    } finally {
      const writer = openSync(fifo, constants.O_RDWR);
      for (const fd of await Promise.all(stuck)) closeSync(fd);
      closeSync(writer);
      rmSync(fifo);
    }
  });

  it("refuses a directory in use, naming the holder", async () => {
    await start();
    await assert.rejects(start(), (error: unknown) => {
      assert.ok(error instanceof StartRefusal);
      assert.equal(error.kind, "busy");
      assert.match(error.message, new RegExp(`pid ${process.pid} `));
      return true;
    });
  });

  it("forgets a deleted topic for good, and starts its successor from nothing", async () => {
    const first = await start();
    await append(first, "again", "old");
    assert.deepEqual(await first.deleteTopic("again", false), { deleted: true, routersRemoved: [] });
    assert.deepEqual(await first.deleteTopic("again", false), { deleted: false, routersRemoved: [] });
    assert.equal((await append(first, "again", "new")).created, true);
    await stop(first);
    const second = await start();
    assert.equal(second.topicState("again", false).headSeq, 1);
    assert.match(await contents(second, "again"), /"new"/);
  });

  it("leaves no topic behind a refused first write", async () => {
    const engine = await start();
    const request = {
      ...requestOf({ records: [{ data: 1 }, { data: 2 }] }),
      config: { discard: "reject", capRecords: 1 },
    } as const;
    await assert.rejects(engine.append("small", request), { code: "record_too_large" });
    assert.throws(() => engine.topicState("small", false), { code: "topic_not_found" });
  });

  it("makes one topic of many first writes at once", async () => {
    const engine = await start();
    const results = await Promise.all(Array.from({ length: 20 }, (_, i) => append(engine, "one", i)));
    assert.equal(results.filter((result) => result.created).length, 1);
    assert.deepEqual(
      results.map((result) => result.firstSeq).sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  it("bounds the number of topics", async () => {
    const engine = await start();
    for (let i = 0; i < 10; i++) await put(engine, `topic-${i}`, "disk");
    await assert.rejects(put(engine, "one-more", "disk"), {
      code: "throttled",
      detail: { limit: "max_topics", max: 10 },
    });
    await put(engine, "topic-3", "fsync");
  });

  it("lists names in order, a page at a time", async () => {
    const engine = await start();
    for (const name of ["b", "a.2", "c", "a.1", "a.3"]) await put(engine, name, "disk");
    const first = engine.listTopics("a.", undefined, 2, false);
    assert.deepEqual(
      first.topics.map(({ topic }) => topic),
      ["a.1", "a.2"],
    );
    assert.equal(first.next, "a.2");
    const second = engine.listTopics("a.", first.next, 2, false);
    assert.deepEqual([second.topics.map(({ topic }) => topic), second.next], [["a.3"], undefined]);
  });
});
