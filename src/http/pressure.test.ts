/** What clients meet while the server comes late to everything (spec 4.5): later, larger, paced, refused; never wrong. */
import assert from "node:assert/strict";
import { WebSocket } from "ws";
import { LateEnv } from "./testing/late-env.ts";
import { type EventReader, LiveServer, type StreamEvent } from "./testing/live-server.ts";

/** When the process looks how late it is, how long frames gather, and how long a write waits: see pressure, fan-out, engine. */
const sampleMs = 200;
const coalesceMs = 20;
const reliefMs = 1000;
const refuseAtMs = 1000;

describe("a server under pressure", () => {
  let late: LateEnv;
  let live: LiveServer;
  beforeEach(async () => {
    late = new LateEnv([sampleMs, coalesceMs, reliefMs]);
    live = await LiveServer.start({ env: late.env, pressureDelayMs: refuseAtMs });
  });
  afterEach(async () => {
    late.late(sampleMs, 0);
    late.fire(reliefMs);
    late.fire(coalesceMs);
    await live.stop();
    assert.deepEqual(live.failures, []);
  });

  const follow = async (topic: string): Promise<EventReader> => {
    const reader = await live.stream(await live.session({ topics: { [topic]: {} } }));
    await reader.caughtUp();
    return reader;
  };
  const seqs = (events: readonly StreamEvent[]): number[] =>
    events
      .filter(({ event }) => event === "record")
      .flatMap(({ data }) => (data["records"] as { $seq: number }[]).map(({ $seq }) => $seq));
  const put = (topic: string, config: object): Promise<unknown> => live.call("PUT", `/v0/topics/${topic}`, config);
  const nothingElse = async (reader: EventReader): Promise<void> => {
    const before = reader.text;
    for (let i = 0; i < 5; i++) await live.call("GET", "/v0/health");
    assert.equal(reader.text, before);
  };

  it("gathers frames first", async () => {
    await put("a", {});
    const reader = await follow("a");
    late.late(sampleMs, 0.1 * refuseAtMs);
    for (let i = 0; i < 5; i++) await live.append("a", i);
    await nothingElse(reader);
    assert.equal(late.held(coalesceMs), 1);
    late.fire(coalesceMs);
    assert.deepEqual(seqs(await reader.until(({ event }) => event === "record")), [1, 2, 3, 4, 5]);
    late.late(sampleMs, 0);
    await live.append("a", 6);
    assert.deepEqual(seqs(await reader.until(({ event }) => event === "record")), [6]);
  });

  it("then serves topics of low priority once a second, says so, and loses nothing of them", async () => {
    await put("low", { priority: -1 });
    await put("other", { priority: 0 });
    const [low, other] = [await follow("low"), await follow("other")];
    late.late(sampleMs, 0.4 * refuseAtMs);
    const round = async (): Promise<void> => {
      for (const topic of ["low", "other"]) await live.append(topic, "x");
      late.fire(coalesceMs);
    };
    await round();
    const advice = (await low.until(({ event }) => event === "error")).at(-1)!;
    const { code, error, retry_after_ms, topics } = advice.data;
    assert.deepEqual([code, error, retry_after_ms, topics], [429, "throttled", 1000, ["low"]]);
    assert.deepEqual(seqs(await low.until(({ event }) => event === "record")), [1]);
    assert.deepEqual(seqs(await other.until(({ event }) => event === "record")), [1]);
    for (const seq of [2, 3]) {
      await round();
      assert.deepEqual(seqs(await other.until(({ event }) => event === "record")), [seq]);
      await nothingElse(low);
    }
    late.skip(1000);
    late.fire(coalesceMs);
    assert.deepEqual(seqs(await low.until(({ event }) => event === "record")), [2, 3]);
  });

  it("then refuses writes, but those of trusted loaders, which wait", async () => {
    await put("a", {});
    late.late(sampleMs, refuseAtMs);
    const body = { records: [{ data: 1 }] };
    const refused = await live.call("POST", "/v0/topics/a", body);
    const { code, detail } = refused.json["error"] as { code: string; detail: Record<string, number> };
    assert.deepEqual([refused.status, code, detail["retry_after_ms"]], [429, "throttled", reliefMs]);
    const others = late.held(reliefMs);
    let isOver = false;
    const trusted = live.call("POST", "/v0/topics/a", { ...body, disable_backpressure: true });
    void trusted.then(() => (isOver = true));
    while (late.held(reliefMs) === others) await live.call("GET", "/v0/health");
    late.fire(reliefMs);
    while (late.held(reliefMs) === others) await live.call("GET", "/v0/health");
    assert.equal(isOver, false);
    late.late(sampleMs, 0);
    late.fire(reliefMs);
    const { status, json } = await trusted;
    assert.deepEqual([status, json["first_seq"]], [200, 1]);
    assert.equal((await live.call("POST", "/v0/topics/a", body)).status, 200);
  });

  it("refuses what is published on a WebSocket in the same way, and the socket stays", async () => {
    await put("a", {});
    const ws = new WebSocket(`ws://127.0.0.1:${live.server.port}/v0/ws`);
    await new Promise((resolve) => ws.once("open", resolve));
    const answer = async (): Promise<Record<string, unknown>> => {
      const message = new Promise<Buffer>((resolve) => ws.once("message", resolve));
      ws.send(JSON.stringify({ op: "publish", request_id: 7, topic: "a", records: [{ data: 1 }] }));
      return JSON.parse((await message).toString()) as Record<string, unknown>;
    };
    late.late(sampleMs, refuseAtMs);
    const refused = await answer();
    assert.deepEqual([refused["op"], refused["code"], refused["request_id"]], ["error", "throttled", 7]);
    late.late(sampleMs, 0);
    assert.equal((await answer())["op"], "ack");
    ws.close();
  });

  it("still reads and deletes", async () => {
    await live.append("a", 1, 2);
    late.late(sampleMs, refuseAtMs);
    assert.equal((await live.call("POST", "/v0/topics/a/diff", {})).status, 200);
    assert.equal((await live.call("POST", "/v0/topics/a/delete", { before_seq: 2 })).status, 200);
  });
});
