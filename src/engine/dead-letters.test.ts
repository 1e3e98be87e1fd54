/** Dead letters and their way back (spec 5), over an engine on a real disk. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { portableSlicer } from "../base/json-slice.ts";
import { TopicsError } from "../base/errors.ts";
import { defaultBatchLimits, maxIdempotencyKeyBytes } from "../base/limits.ts";
import { nodeEnv } from "../env/node-env.ts";
import type { TopicConfigPatch } from "../topic/config.ts";
import { wholeRead } from "../topic/testing/whole-read.ts";
import { defaultWalConfig } from "../wal/config.ts";
import { openEngine, type RunningEngine } from "./engine.ts";
import type { EngineEvent } from "./events.ts";
import type { RedriveRequest } from "./queue-api.ts";
import { defaultStorageConfig } from "./storage-config.ts";

const limits = { ...defaultBatchLimits, maxKeyBytes: maxIdempotencyKeyBytes };
const anywhere: RedriveRequest = { to: undefined, limit: Infinity, mayMoveTo: () => true };

describe("dead letters", () => {
  let directory: string;
  let engine: RunningEngine;
  let events: EngineEvent[];

  async function start(): Promise<void> {
    events = [];
    engine = await openEngine(
      nodeEnv(),
      {
        directory,
        shards: 2,
        shardsAsked: false,
        wal: defaultWalConfig,
        storage: defaultStorageConfig,
        maxTopics: 10,
        maxIdempotencyKeys: 100,
        maxTotalBytes: 0,
      },
      {
        events: (event) => events.push(event),
        crash: (error) => {
          throw error;
        },
      },
    );
    await engine.recover();
  }

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "topics-dead-"));
    await start();
  });
  afterEach(async () => {
    await engine.close(5000);
    rmSync(directory, { recursive: true });
  });

  const queue = (name: string, config: TopicConfigPatch): Promise<unknown> =>
    engine.configureTopic(name, { type: "queue", ...config }, "put");

  async function write(topic: string, text: string): Promise<void> {
    const slicing = portableSlicer.begin(Buffer.from(text), limits);
    while (!slicing.step(1 << 20));
    const { batch } = slicing.result();
    await engine.append(topic, {
      batch,
      idempotencyKey: undefined,
      create: false,
      config: undefined,
      disableBackpressure: false,
    });
  }

  async function contents(topic: string): Promise<string[]> {
    const page = await engine.read(topic, { ...wholeRead, maxBytes: 1 << 20 });
    const text = page.slices.map((slice) => Buffer.from(slice).toString()).join(",");
    page.release();
    return text === "" ? [] : text.replace(/"\$ts":\d+,/g, "").split(/(?<=}),(?={"\$seq")/);
  }

  async function claim(topic: string, max = 10): Promise<number[]> {
    const { claimed } = await engine.queues.claim(topic, { node: "w", max, leaseMs: undefined, signal: undefined });
    return claimed.map(({ seq }) => seq);
  }

  async function fail(topic: string, times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      const seqs = await claim(topic);
      await engine.queues.nack(topic, { node: "w", seqs, leaseIds: undefined, delayMs: 0 });
    }
  }

  const stateOf = (topic: string): string => {
    const { count, queue: counts } = engine.topicState(topic, false);
    return `${count}: ${counts?.ready} ${counts?.inFlight} ${counts?.deadLettered}`;
  };

  it("are moved with where they come from, everything else as it was", async () => {
    await queue("q", { maxDeliveries: 2, deadLetter: "q.dead", durability: "fsync" });
    await write(
      "q",
      '{"records":[{"data":1e400,"tag":"t","node":"n","meta":{"a":1.0,"b":"\\u0041"}},{"data":{"x":2}}],"node":"m"}',
    );
    await fail("q", 2);
    assert.deepEqual(await claim("q"), []);
    const from = '"$dead_letter_from":"q","$dead_letter_deliveries":"2"';
    assert.deepEqual(await contents("q.dead"), [
      `{"$seq":1,"$node":"n","$tag":"t","data":1e400,"meta":{"a":1.0,"b":"\\u0041",${from},"$dead_letter_src_seq":"1"}}`,
      `{"$seq":2,"$node":"m","data":{"x":2},"meta":{${from},"$dead_letter_src_seq":"2"}}`,
    ]);
    assert.equal(stateOf("q"), "0: 0 0 2");
    const { config } = engine.topicState("q.dead", false);
    assert.deepEqual([config.type, config.durability], ["queue", "fsync"]);
    await engine.close(5000);
    await start();
    assert.equal(stateOf("q"), "0: 0 0 2");
    assert.equal((await contents("q.dead")).length, 2);
  });

  it("go back to where they came from as they were, and are counted anew", async () => {
    await queue("q", { maxDeliveries: 1, deadLetter: "d" });
    await write("q", '{"records":[{"data":1,"meta":{"a":1}},{"data":2},{"data":3}]}');
    await fail("q", 1);
    assert.deepEqual(await claim("q"), []);
    await write("d", '{"records":[{"data":"from nowhere"}]}');
    assert.deepEqual(await engine.queues.redrive("d", { ...anywhere, limit: 2 }), { redriven: 2, left: 0 });
    assert.deepEqual(await engine.queues.redrive("d", anywhere), { redriven: 1, left: 1 });
    assert.deepEqual(await contents("q"), [
      '{"$seq":4,"data":1,"meta":{"a":1}}',
      '{"$seq":5,"data":2}',
      '{"$seq":6,"data":3}',
    ]);
    assert.equal(stateOf("d"), "1: 1 0 0");
    const { claimed } = await engine.queues.claim("q", { node: "w", max: 9, leaseMs: undefined, signal: undefined });
    assert.deepEqual(
      claimed.map(({ deliveries }) => deliveries),
      [1, 1, 1],
    );
    await engine.close(5000);
    await start();
    assert.equal(stateOf("q"), "3: 3 0 3");
    assert.equal(stateOf("d"), "1: 1 0 0");
  });

  it("leave alone what somebody works on, and go where they are sent", async () => {
    await queue("q", { maxDeliveries: 1, deadLetter: "d" });
    await queue("other", {});
    await write("q", '{"records":[{"data":1},{"data":2}]}');
    await fail("q", 1);
    await claim("q");
    assert.deepEqual(await claim("d", 1), [1]);
    assert.deepEqual(await engine.queues.redrive("d", { ...anywhere, to: "other" }), { redriven: 1, left: 1 });
    assert.deepEqual(await contents("other"), ['{"$seq":1,"data":2}']);
    for (const [to, code] of [
      ["none", "topic_not_found"],
      ["d", "invalid_request"],
    ] as const)
      await assert.rejects(
        engine.queues.redrive("d", { ...anywhere, to }),
        (error: unknown) => error instanceof TopicsError && error.code === code,
      );
  });

  it("come from a log as well", async () => {
    await engine.configureTopic("d", {}, "put");
    await queue("q", { maxDeliveries: 1, deadLetter: "d" });
    await write("q", '{"records":[{"data":1},{"data":2}]}');
    await fail("q", 1);
    await claim("q");
    assert.equal((await contents("d")).length, 2);
    assert.deepEqual(await engine.queues.redrive("d", anywhere), { redriven: 2, left: 0 });
    assert.deepEqual(await contents("q"), ['{"$seq":3,"data":1}', '{"$seq":4,"data":2}']);
    assert.deepEqual(await contents("d"), []);
  });

  it("are delivered once more while they cannot be moved, and that is told", async () => {
    await engine.configureTopic("d", { capRecords: 1, discard: "reject" }, "put");
    await queue("q", { maxDeliveries: 1, deadLetter: "d" });
    await write("q", '{"records":[{"data":1},{"data":2}]}');
    await fail("q", 1);
    assert.deepEqual(await claim("q"), [2]);
    assert.deepEqual(events.filter(({ type }) => type === "dead-letter-failed").length, 1);
    assert.equal((await contents("d")).length, 1);
    assert.equal(stateOf("q"), "1: 0 1 1");
  });

  it("do not take what would be over a limit with what is added", async () => {
    await queue("q", { maxDeliveries: 1, deadLetter: "d" });
    const keys = Array.from({ length: 62 }, (_, i) => `"k${i}":1`).join(",");
    await write("q", `{"records":[{"data":1,"meta":{${keys}}}]}`);
    await fail("q", 1);
    assert.deepEqual(await claim("q"), [1]);
    assert.deepEqual(await contents("d"), []);
  });
});
