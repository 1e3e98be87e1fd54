/** `GET /v0/metrics` (spec 7.4): names, both formats, whatever state the engine is in, and how many series there can be. */
import assert from "node:assert/strict";
import { parseApiKeys } from "../auth/api-keys.ts";
import { troubleKinds } from "../metrics/trouble.ts";
import { Metrics } from "../metrics/metrics.ts";
import { at, Harness } from "../testing/harness.ts";

const fixed =
  `topics_topics topics_topics_by_class topics_routers topics_records_live topics_bytes_live topics_queue_topics
  topics_queue_leases_in_flight topics_sse_connections topics_watch_sessions topics_ready topics_recovery_progress
  topics_uptime_ms topics_wal_frames_total topics_wal_batches_total topics_wal_fsyncs_total topics_wal_bytes_written_total
  topics_wal_rotations_total topics_wal_submit_full_total topics_wal_queue_depth topics_wal_queue_depth_peak
  topics_wal_read_only topics_wal_fsync_latency_us topics_topic_metrics_truncated`.split(/\s+/);

const ofTopics = ["head_seq", "earliest_seq", "records_live", "bytes_live"].map((name) => `topics_topic_${name}`);

const jsonNames =
  `topics topics_ephemeral topics_memory topics_disk topics_fsync routers records_live bytes_live queue_topics
  queue_leases_in_flight sse_connections watch_sessions ready replay_progress uptime_ms wal`.split(/\s+/);
const walNames =
  `frames batches fsyncs fsync_count fsync_micros_total bytes_written rotations submit_full_total queue_depth
  queue_depth_peak read_only`.split(/\s+/);

describe("metrics", () => {
  let harness: Harness;
  afterEach(() => harness.stop());
  const text = async (): Promise<string> => (await harness.request("GET", "/v0/metrics")).text;
  const names = (page: string): string[] => [...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  const value = (page: string, series: string): number => {
    const line = page.split("\n").find((one) => one.startsWith(`${series} `));
    assert.ok(line, `${series} is there`);
    return Number(line.slice(series.length + 1));
  };

  it("have every name of the contract, each described once", async () => {
    harness = await Harness.start();
    await harness.post("/v0/topics/t", { records: [{ data: 1 }] });
    const answer = await harness.request("GET", "/v0/metrics");
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const there = names(answer.text);
    assert.equal(new Set(there).size, there.length);
    for (const name of [...fixed, ...ofTopics]) assert.ok(there.includes(name), name);
    assert.match(answer.text, /^topics_topic_head_seq\{topic="t"\} 1$/m);
    assert.equal(value(answer.text, 'topics_topics_by_class{class="disk"}'), 1);
    assert.deepEqual(
      [...answer.text.matchAll(/topics_wal_fsync_latency_us_bucket\{le="([^"]+)"/g)].map(([, le]) => le),
      ["50", "100", "250", "500", "1000", "5000", "10000", "50000", "100000", "+Inf"],
    );
  });

  it("are JSON for who asks for it", async () => {
    harness = await Harness.start();
    const { json, headers } = await harness.request("GET", "/v0/metrics", { headers: { accept: "application/json" } });
    assert.equal(headers.get("content-type"), "application/json");
    assert.deepEqual(Object.keys(json as object), jsonNames);
    assert.deepEqual(Object.keys(at(json, "wal") as object), walNames);
    assert.deepEqual([at(json, "ready"), at(json, "replay_progress"), at(json, "wal.read_only")], [true, 1, false]);
  });

  it("answer while the engine recovers, and while it stops", async () => {
    harness = await Harness.start();
    harness.engine.current = { state: "recovering", replayProgress: 0.25 };
    assert.equal(value(await text(), "topics_recovery_progress"), 0.25);
    assert.equal(value(await text(), "topics_ready"), 0);
    harness.engine.current = { state: "stopping" };
    assert.equal(value(await text(), "topics_ready"), 0);
  });

  it("need a key with read, and show only the topics that it is for", async () => {
    harness = await Harness.start({ keys: parseApiKeys("all,w:w,part:r:a.") });
    const as = (key: string): { headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${key}` } });
    for (const name of ["a.1", "b.1"]) await harness.request("PUT", `/v0/topics/${name}`, as("all"));
    assert.equal((await harness.request("GET", "/v0/metrics")).status, 401);
    assert.equal((await harness.request("GET", "/v0/metrics", as("w"))).status, 403);
    const { text: page } = await harness.request("GET", "/v0/metrics", as("part"));
    assert.match(page, /topic="a\.1"/);
    assert.doesNotMatch(page, /b\.1/);
  });

  it("have at most a thousand topics, and say when there are more", async () => {
    harness = await Harness.start();
    for (let i = 0; i < 1000; i++) await harness.engine.configureTopic(`t${i}`, {}, "put");
    assert.equal(value(await text(), "topics_topic_metrics_truncated"), 0);
    await harness.engine.configureTopic("one-more", {}, "put");
    const page = await text();
    assert.equal(value(page, "topics_topic_metrics_truncated"), 1);
    assert.equal([...page.matchAll(/^topics_topic_head_seq\{/gm)].length, 1000);
  });

  it("grow by no series, whatever clients ask for", async () => {
    harness = await Harness.start();
    for (const target of ["/v0/topics/t", "/nothing", "/v0/topics/none?x=1", "/v0/topics/-"])
      await harness.request("GET", target);
    const series = async (): Promise<number> =>
      (await text()).split("\n").filter((line) => !line.startsWith("#")).length;
    await series();
    const before = await series();
    for (let i = 0; i < 50; i++)
      for (const target of [`/v0/topics/u${i}`, `/nothing/${i}`, `/v0/topics/-${i}`, `/v0/topics/none?x=${i}`])
        await harness.request(i % 2 === 0 ? "GET" : "OPTIONS", target, { headers: { "x-a": `${i}` } });
    const grown = (await series()) - before;
    assert.ok(grown <= 2 * 17, `a wrong method and its status are new, and no more: ${grown}`);
  });

  it("count answers by route and status, refused connections, and what the engine met", async () => {
    harness = await Harness.start();
    await harness.request("GET", "/v0/topics/none");
    await harness.request("GET", "/v0/topics/none");
    const client = await harness.connect();
    client.send("nonsense\r\n\r\n");
    await client.ended();
    const page = await text();
    const labels = 'method="GET",route="/v0/topics/:topic",status="404"';
    assert.equal(value(page, `topics_http_request_duration_seconds_count{${labels}}`), 2);
    assert.equal(value(page, 'topics_http_connections_refused_total{reason="not_http"}'), 1);
  });

  it("show what the engine met, from the first time on", async () => {
    harness = await Harness.start();
    const metrics = new Metrics();
    metrics.engineEvent({ type: "wal-written", shard: 0, frames: 3, bytes: 100 });
    metrics.engineEvent({ type: "wal-synced", shard: 0, bytes: 100, ms: 0.2 });
    metrics.engineEvent({ type: "wal-rotated", shard: 0, index: 1 });
    metrics.engineEvent({ type: "clock-jumped", byMs: 1 });
    const page = await metrics.registry.metrics();
    assert.equal(value(page, "topics_wal_frames_total"), 3);
    assert.equal(value(page, "topics_wal_fsyncs_total"), 1);
    assert.equal(value(page, 'topics_wal_fsync_latency_us_bucket{le="250"}'), 1);
    assert.equal(value(page, 'topics_wal_fsync_latency_us_bucket{le="100"}'), 0);
    for (const kind of troubleKinds)
      assert.equal(value(page, `topics_trouble_total{kind="${kind}"}`), kind === "clock-jumped" ? 1 : 0);
  });
});
