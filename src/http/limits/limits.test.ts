/** Bounds that requests share (spec 7.3, 9.3), over real connections: reached, answered with 429, and free again after. */
import assert from "node:assert/strict";
import { parseApiKeys } from "../auth/api-keys.ts";
import { at, type Answer, Harness, requestBytes } from "../testing/harness.ts";

const long = "/v0/topics/t/diff?wait_ms=30000";
const bearer = (key: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${key}` });

describe("requests in flight", () => {
  let harness: Harness;
  afterEach(() => harness.stop());

  const get = (target: string, key: string): Promise<Answer> =>
    harness.request("GET", target, { headers: bearer(key) });
  async function waiting(count: number): Promise<void> {
    while (harness.engine.waiting < count) await harness.request("GET", "/v0/health");
  }

  it("are bounded for each key, and freed by an answer, an error, and a client that goes", async () => {
    harness = await Harness.start({ keys: parseApiKeys("a,b"), maxInFlightPerKey: 2 });
    await harness.request("PUT", "/v0/topics/t", { headers: bearer("a") });
    const clients = await Promise.all([harness.connect(), harness.connect()]);
    for (const client of clients) client.send(requestBytes("GET", long, { headers: bearer("a") }));
    await waiting(2);
    const refused = await get("/v0/topics", "a");
    assert.equal(refused.status, 429);
    assert.equal(at(refused.json, "error.code"), "throttled");
    assert.deepEqual(at(refused.json, "error.detail"), { limit: "max_inflight_per_key", max: 2 });
    assert.equal(refused.headers.get("retry-after"), "1");
    assert.equal((await get("/v0/topics", "b")).status, 200, "another key");
    assert.equal((await get("/v0/health", "a")).status, 200, "a probe");
    clients[0].destroy();
    let answer = refused;
    while (answer.status === 429) answer = await get("/v0/topics/none", "a");
    assert.equal(answer.status, 404);
    await harness.request("POST", "/v0/topics/t", { headers: bearer("b"), body: '{"records":[{"data":1}]}' });
    assert.equal((await clients[1].response()).status, 200);
    for (let i = 0; i < 5; i++) assert.equal((await get("/v0/topics/none", "a")).status, 404);
  });

  it("are bounded on one connection: what comes on top ends it, after what was asked has been answered", async () => {
    harness = await Harness.start({ maxPipelined: 3 });
    await harness.request("PUT", "/v0/topics/t");
    const client = await harness.connect();
    client.send(Buffer.concat(Array.from({ length: 6 }, () => requestBytes("GET", long))));
    await waiting(3);
    await harness.request("POST", "/v0/topics/t", { body: '{"records":[{"data":1}]}' });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await client.response()).status);
    assert.deepEqual(statuses, [200, 200, 200, 429]);
    assert.equal((await client.ended()).length, 0);
  });
});

describe("memory of bodies", () => {
  let harness: Harness;
  afterEach(() => harness.stop());

  it("is bounded: new requests are refused at the limit, and taken once a body has been dealt with", async () => {
    harness = await Harness.start({ maxBufferedBytes: 300_000 });
    const body = Buffer.from(JSON.stringify({ records: [{ data: "x".repeat(400_000) }] }));
    const request = requestBytes("POST", "/v0/topics/t", { body });
    const client = await harness.connect();
    client.send(request.subarray(0, request.length - 10));
    let refused: Answer;
    do refused = await harness.request("GET", "/v0/topics");
    while (refused.status !== 429);
    assert.equal(at(refused.json, "error.detail.limit"), "max_buffered_bytes");
    assert.equal((await harness.request("GET", "/v0/ready")).status, 200, "probes are not refused");
    client.send(request.subarray(request.length - 10));
    assert.equal((await client.response()).status, 201);
    assert.equal((await harness.request("GET", "/v0/topics")).status, 200);
  });

  it("is freed when the client goes in the middle of a body", async () => {
    harness = await Harness.start({ maxBufferedBytes: 200_000 });
    const client = await harness.connect();
    client.send(
      requestBytes("POST", "/v0/topics/t", { headers: { "content-length": "1000000" }, body: "[".repeat(3e5) }),
    );
    let answer: Answer;
    do answer = await harness.request("GET", "/v0/topics");
    while (answer.status !== 429);
    client.destroy();
    do answer = await harness.request("GET", "/v0/topics");
    while (answer.status === 429);
    assert.equal(answer.status, 200);
  });

  it("is freed when a slow reader goes without its answer", async () => {
    harness = await Harness.start({ maxBufferedBytes: 1_000_000 });
    const data = "x".repeat(1_000_000);
    for (let i = 0; i < 30; i++) await harness.post("/v0/topics/t", { records: [{ data }] });
    const client = await harness.connect();
    const read = requestBytes("POST", "/v0/topics/t/diff", { body: '{"max_batch_bytes":8388608}' });
    client.pause();
    client.send(read);
    let answer: Answer;
    do answer = await harness.request("GET", "/v0/topics/none");
    while (answer.status !== 429);
    client.destroy();
    do answer = await harness.request("GET", "/v0/topics/none");
    while (answer.status === 429);
    assert.equal(answer.status, 404);
  });
});
