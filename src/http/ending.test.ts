/** Connections that end with an answer (spec 9.3): nothing that stands behind it is done. */
import assert from "node:assert/strict";
import { defaultBatchLimits } from "../base/limits.ts";
import { Harness, answerOf, at, requestBytes } from "./testing/harness.ts";

const body = '{"records":[{"data":1}]}';
const maxBodyBytes = 4096;

function append(topic: string, headers: Record<string, string> = {}): Buffer {
  return requestBytes("POST", `/v0/topics/${topic}`, { body, headers });
}

describe("a connection that ends with an answer", () => {
  let http: Harness;
  beforeEach(async () => {
    http = await Harness.start({
      limits: { ...defaultBatchLimits, maxBodyBytes, maxRecordBytes: 4000, maxMetaBytes: 1000 },
    });
  });
  afterEach(() => http.stop());

  /** Sends in one packet; waits for the end; says which topics were written to. */
  const written = async (...requests: readonly Uint8Array[]): Promise<string[]> => {
    const client = await http.connect();
    client.send(Buffer.concat(requests));
    await client.ended();
    await http.request("GET", "/v0/health");
    return [...http.engine.topics.keys()];
  };

  it("because its client says so", async () => {
    assert.deepEqual(await written(append("a"), append("b", { connection: "close" }), append("c")), ["a", "b"]);
  });

  it("because it speaks HTTP/1.0", async () => {
    const old = Buffer.from(append("a").toString().replace("HTTP/1.1", "HTTP/1.0"));
    assert.deepEqual(await written(old, append("b")), ["a"]);
  });

  it("because a refused body goes on and on", async () => {
    const huge = " ".repeat(3 * maxBodyBytes);
    const refused = requestBytes("POST", "/v0/topics/a", { body: huge });
    assert.deepEqual(await written(refused, append("b")), []);
  });

  it("because nobody can tell whether a body that was not invited comes", async () => {
    const uninvited = append("a", { expect: "100-continue", "content-type": "text/plain" });
    const head = uninvited.subarray(0, uninvited.indexOf("\r\n\r\n") + 4);
    assert.deepEqual(await written(head, append("b"), append("c")), []);
    assert.deepEqual(await written(uninvited, append("c")), []);
  });

  it("because it wants a tunnel", async () => {
    const tunnel = Buffer.from("CONNECT example.com:80 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert.deepEqual(await written(append("a"), tunnel, append("b")), ["a"]);
  });

  it("but not because of an expectation about a body that there is none of", async () => {
    const expecting = requestBytes("GET", "/v0/health", { headers: { expect: "100-continue" } });
    const client = await http.connect();
    client.send(Buffer.concat([expecting, append("a")]));
    for (const status of [100, 200, 201]) assert.equal((await client.response()).status, status);
  });

  it("and an invitation that has to wait for its turn comes ahead of its own answer", async () => {
    const commit = http.engine.holdCommits();
    const client = await http.connect();
    const expect = { expect: "100-continue" };
    const refused = requestBytes("GET", "/v0/topics?page_size=x", { headers: expect });
    client.send(Buffer.concat([append("a"), refused, append("b", expect), append("c")]));
    await http.request("GET", "/v0/health");
    commit();
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await client.response()).status);
    assert.deepEqual(statuses, [201, 100, 400, 100, 201, 201]);
  });

  it("after the answers to what came before it", async () => {
    const commit = http.engine.holdCommits();
    const client = await http.connect();
    client.send(Buffer.concat([append("a"), append("b", { expect: "miracles" }), append("c")]));
    await http.request("GET", "/v0/health");
    client.send(append("d"));
    await http.request("GET", "/v0/health");
    commit();
    assert.equal((await client.response()).status, 201);
    assert.equal((await client.response()).status, 400);
    assert.equal((await client.ended()).length, 0);
    assert.deepEqual([...http.engine.topics.keys()], ["a"]);
  });

  it("whatever a request that took too long still sends", async () => {
    const slow = await Harness.start({ headersTimeoutMs: 200, requestTimeoutMs: 400, timeoutCheckMs: 20 });
    const commit = slow.engine.holdCommits();
    const client = await slow.connect();
    const late = append("b");
    client.send(Buffer.concat([append("a"), late.subarray(0, 20)]));
    await slow.refused;
    client.send(late.subarray(20));
    await slow.request("GET", "/v0/health");
    commit();
    assert.equal((await client.response()).status, 201);
    assert.equal((await client.response()).status, 400);
    assert.equal((await client.ended()).length, 0);
    assert.deepEqual([...slow.engine.topics.keys()], ["a"]);
    await slow.stop();
  });

  it("answers everything in flight when the server stops, and says no to what comes later", async () => {
    const commit = http.engine.holdCommits();
    const client = await http.connect();
    client.send(Buffer.concat([append("a"), append("b")]));
    await http.request("GET", "/v0/health");
    const stopped = http.server.stop();
    commit();
    const first = await client.response();
    const second = await client.response();
    assert.deepEqual([first.status, second.status], [201, 201]);
    assert.equal(first.headers.get("connection"), "keep-alive");
    assert.equal(second.headers.get("connection"), "close");
    assert.deepEqual(await stopped, { cutOff: 0 });
  });

  it("says that the server stops to a request behind one in flight", async () => {
    const commit = http.engine.holdCommits();
    const client = await http.connect();
    client.send(append("a"));
    await http.request("GET", "/v0/health");
    const witness = await http.connect();
    const read = requestBytes("POST", "/v0/topics/none/diff", { body: "{}" });
    witness.send(read.subarray(0, -1));
    await http.request("GET", "/v0/health");
    const stopped = http.server.stop();
    client.send(append("b"));
    witness.send(read.subarray(-1));
    assert.equal((await witness.response()).status, 404);
    commit();
    assert.equal((await client.response()).status, 201);
    const refused = answerOf(await client.response());
    assert.equal(refused.status, 503);
    assert.equal(at(refused.json, "error.code"), "shutting_down");
    assert.equal(refused.headers.get("connection"), "close");
    assert.deepEqual(await stopped, { cutOff: 0 });
    assert.equal(http.engine.topics.has("b"), false);
  });
});
