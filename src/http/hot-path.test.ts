/** The hot path: what it recognises, and that both doors give the same bytes for it. */
import assert from "node:assert/strict";
import { recognise } from "./hot-path.ts";
import type { RequestOptions } from "./testing/harness.ts";
import { Harness, requestBytes } from "./testing/harness.ts";

const routes = { append: "append", verbs: { diff: "diff", claim: "claim", ack: "ack" } };

describe("the hot path", () => {
  it("recognises appends, reads, claims and acks of plain names, and nothing else", () => {
    const hit = (url: string): unknown => recognise("POST", url, routes);
    const {
      append,
      verbs: { diff, claim, ack },
    } = routes;
    assert.deepEqual(hit("/v0/topics/a"), { route: append, topic: "a", query: "" });
    assert.deepEqual(hit("/v0/topics/a:b.c?x=/diff"), { route: append, topic: "a:b.c", query: "x=/diff" });
    assert.deepEqual(hit("/v0/topics/a/diff"), { route: diff, topic: "a", query: "" });
    assert.deepEqual(hit("/v0/topics/a/diff?"), { route: diff, topic: "a", query: "" });
    assert.deepEqual(hit("/v0/topics/diff"), { route: append, topic: "diff", query: "" });
    assert.deepEqual(hit("/v0/topics/a/claim"), { route: claim, topic: "a", query: "" });
    assert.deepEqual(hit("/v0/topics/a/ack?x"), { route: ack, topic: "a", query: "x" });
    for (const url of [
      "/v0/topics",
      "/v0/topics/",
      "/v0/topics/a/",
      "/v0/topics/a/diff/",
      "/v0/topics/a/diffs",
      "/v0/topics/a/nack",
      "/v0/topics/a/constructor",
      "/v0/topics/a/dif",
      "/v0/topics/a/b/diff",
      "/v0/topics//diff",
      "/v0/topics/%61",
      "/v0/topics/a#b",
      "/v0/topics/-a",
      "/V0/topics/a",
      "http://x/v0/topics/a",
      `/v0/topics/${"a".repeat(256)}`,
    ]) {
      assert.equal(hit(url), undefined, url);
    }
    assert.equal(recognise("GET", "/v0/topics/a/diff", routes), undefined);
    assert.equal(recognise("PUT", "/v0/topics/a", routes), undefined);
  });

  /** An absolute target means the same request, and goes through the router. */
  const exchanges: [string, string, RequestOptions][] = [
    ["an append that creates", "/v0/topics/a", { body: '{"records":[{"data":1},{"data":2}]}' }],
    ["an append", "/v0/topics/old", { body: '{"records":[{"data":{"x":"é"}}],"node":"n"}' }],
    ["an append without seqs", "/v0/topics/old?return_seqs=false", { body: '{"records":[{"data":1}]}' }],
    ["a read", "/v0/topics/old/diff", { body: '{"from_seq":1}' }],
    ["a read without a body", "/v0/topics/old/diff", {}],
    ["a read of what is not there", "/v0/topics/none/diff", { body: "{}" }],
    ["a claim", "/v0/topics/old/claim", { body: '{"node":"w","max":2}' }],
    ["a claim without a node", "/v0/topics/old/claim", { body: "{}" }],
    ["an ack", "/v0/topics/old/ack", { body: '{"node":"w","seqs":[1,2]}' }],
    ["broken JSON", "/v0/topics/old", { body: '{"records":' }],
    ["a missing body", "/v0/topics/old", {}],
    ["a wrong type", "/v0/topics/old", { body: "{}", headers: { "content-type": "text/plain" } }],
    ["a wrong query", "/v0/topics/old?return_seqs=x", { body: "{}" }],
    ["a long answer in gzip", "/v0/topics/old/diff", { headers: { "accept-encoding": "gzip" } }],
    ["two hosts", "/v0/topics/old", { headers: { host: "a", Host: "b" } }],
    ["an unknown expectation", "/v0/topics/old/diff", { headers: { expect: "more" } }],
  ];
  for (const [what, target, options] of exchanges) {
    it(`gives the same bytes as the router for ${what}`, async () => {
      const hot = await through(target, options);
      const routed = await through(`http://localhost${target}`, options);
      assert.equal(hot, routed);
    });
  }
});

/** The response to one request on a fresh server, but for its clocks. */
async function through(target: string, options: RequestOptions): Promise<string> {
  const http = await Harness.start();
  const records = Array.from({ length: 60 }, (_, n) => ({ data: `record ${n}` }));
  await http.post("/v0/topics/old", { records });
  const client = await http.connect();
  client.send(requestBytes("POST", target, options));
  const { head, body } = await client.response();
  await http.stop();
  if (head.includes("gzip")) return head.replace(/^(Date|Content-Length):.*$/gim, "$1");
  const text = body.toString("utf8").replace(/"server_total_ms":[0-9.]+/, '"server_total_ms":0');
  return head.replace(/^(Date|Content-Length):.*$/gim, "$1") + text;
}
