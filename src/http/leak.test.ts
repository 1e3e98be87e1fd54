/**
 * Whoever comes and goes leaves nothing behind (spec 7.3, 9.4 10): no socket, timer, listener, session's stream or place.
 * `TOPICS_TEST_CONNECTIONS` says how many come; a few hundred by default.
 */
import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { WebSocket } from "ws";
import { LiveServer } from "./testing/live-server.ts";
import { requestBytes } from "./testing/harness.ts";
import { RawClient } from "./testing/raw-client.ts";

const connections = Number(process.env["TOPICS_TEST_CONNECTIONS"] ?? 400);
const atOnce = 20;

describe("connections that come and go", () => {
  let live: LiveServer;
  before(async () => {
    live = await LiveServer.start();
    await live.append("a", ..."x".repeat(50));
  });
  after(async () => {
    await live.stop();
    assert.deepEqual(live.failures, []);
  });

  const resources = (): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  };

  const visits: ((wid: string, at: number) => Promise<void>)[] = [
    async (wid, at) => {
      const reader = await live.stream(wid);
      if (at % 3 > 0) await reader.next();
      reader.close();
    },
    async (wid) => {
      const client = await RawClient.open(live.server.port);
      client.send(requestBytes("GET", `/v0/watch/${wid}`));
      client.destroy();
    },
    async (_wid, at) => {
      const ws = new WebSocket(`ws://127.0.0.1:${live.server.port}/v0/ws`);
      ws.on("error", () => undefined);
      await new Promise((resolve) => ws.once("open", resolve));
      ws.send(JSON.stringify({ op: "subscribe", topic: "a" }));
      if (at % 2 === 0) await new Promise((resolve) => ws.once("message", resolve));
      const closed = new Promise((resolve) => ws.once("close", resolve));
      if (at % 4 === 0) ws.close();
      else ws.terminate();
      await closed;
    },
    async (wid, at) => {
      const session = connectHttp2(`http://127.0.0.1:${live.server.port}`);
      session.on("error", () => undefined);
      const stream = session.request({ ":path": `/v0/watch/${wid}` });
      stream.on("error", () => undefined);
      await new Promise((resolve) => stream.once("data", resolve));
      if (at % 2 === 0) stream.close();
      session.destroy();
    },
    async () => {
      const client = await RawClient.open(live.server.port);
      client.send(requestBytes("POST", "/v0/topics/a/diff", { body: '{"from_seq":50,"wait_ms":30000}' }));
      await live.call("GET", "/v0/health");
      client.destroy();
    },
  ];

  it("leave nothing behind", async function () {
    this.timeout(20_000 + connections * 50);
    const wid = await live.session({ topics: { a: {} }, prefixes: ["b"] });
    const visit = async (at: number): Promise<void> => visits[at % visits.length](wid, at);
    for (let at = 0; at < visits.length * 4; at++) await visit(at);
    await settled();
    const before = resources();
    for (let from = 0; from < connections; from += atOnce)
      await Promise.all(Array.from({ length: atOnce }, (_, i) => visit(from + i)));
    await settled();
    assert.deepEqual(live.engine.watch.counts, { ...live.engine.watch.counts, streams: 0, sockets: 0, topics: 0 });
    const { json } = await live.call("GET", "/v0/metrics", undefined, { accept: "application/json" });
    assert.equal(json["sse_connections"], 0);
    const after = resources();
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      assert.ok(
        (after[name] ?? 0) <= (before[name] ?? 0) + 3,
        `${name}: ${before[name] ?? 0} before, ${after[name] ?? 0} after`,
      );
  });

  /** Everybody who went is known to have gone. */
  async function settled(): Promise<void> {
    const { watch } = live.engine;
    while (watch.counts.streams > 0 || watch.counts.sockets > 0) await live.call("GET", "/v0/health");
    for (let i = 0; i < 20; i++) await live.call("GET", "/v0/health");
  }
});
