/** Probes, and what everything else answers while the engine is not ready (spec 7.4, 7.5). */
import assert from "node:assert/strict";
import type { EngineStatus } from "../../engine/api.ts";
import { Harness, at } from "../testing/harness.ts";

describe("probes over http", () => {
  let http: Harness;
  before(async () => {
    http = await Harness.start();
  });
  after(() => http.stop());

  const states: readonly EngineStatus[] = [
    { state: "ready", topics: 3, readOnlyShards: [], shards: 2 },
    { state: "recovering", replayProgress: 0.25 },
    { state: "stopping" },
  ];
  it("say that the process lives, whatever the engine does", async () => {
    for (const status of states) {
      http.engine.current = status;
      for (const path of ["/v0/health", "/healthz"]) {
        const { status: code, json } = await http.request("GET", path);
        assert.equal(code, 200);
        assert.deepEqual(Object.keys(json ?? {}), ["status", "version", "uptime_ms"]);
        assert.equal(at(json, "version"), "9.9.9");
        assert.ok(Number.isInteger(at(json, "uptime_ms")));
      }
    }
  });

  const readiness: [EngineStatus, number, unknown][] = [
    [states[0], 200, { status: "ready", wal_replay_complete: true, topics: 3 }],
    [
      { state: "ready", topics: 3, readOnlyShards: [1], shards: 2 },
      200,
      { status: "ready", wal_replay_complete: true, topics: 3, read_only: [1] },
    ],
    [{ state: "ready", topics: 3, readOnlyShards: [0, 1], shards: 2 }, 503, "wal_unavailable"],
    [states[1], 503, "not_ready"],
    [states[2], 503, "shutting_down"],
  ];
  it("say whether requests are served", async () => {
    for (const [status, code, expected] of readiness) {
      http.engine.current = status;
      for (const path of ["/v0/ready", "/readyz"]) {
        const answer = await http.request("GET", path);
        assert.equal(answer.status, code);
        assert.deepEqual(code === 200 ? answer.json : at(answer.json, "error.code"), expected);
        assert.equal(answer.headers.get("retry-after"), code === 200 ? undefined : "1");
      }
    }
    http.engine.current = states[1];
    assert.equal(at((await http.request("GET", "/v0/ready")).json, "error.detail.replay_progress"), 0.25);
  });

  it("are all there is until the engine is ready", async () => {
    http.engine.current = states[1];
    for (const target of ["/v0/topics", "/v0/topics/a", "/v0/topics/a/diff", "/v0/nothing"]) {
      const answer = await http.request("GET", target);
      assert.equal(answer.status, 503);
      assert.equal(at(answer.json, "error.code"), "not_ready");
      assert.equal(answer.headers.get("retry-after"), "1");
    }
    const write = await http.post("/v0/topics/a", { records: [{ data: 1 }] });
    assert.equal(write.status, 503);
    assert.equal(http.engine.appends.length, 0);
  });
});
