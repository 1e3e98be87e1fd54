/** Conventions that hold for every endpoint (spec 2.1, 2.2, 9.3), on real sockets. */
import assert from "node:assert/strict";
import { TopicsError } from "../base/errors.ts";
import { Harness, at, textAt } from "./testing/harness.ts";

describe("http conventions", () => {
  let http: Harness;
  before(async () => {
    http = await Harness.start();
    await http.request("PUT", "/v0/topics/known");
  });
  after(() => http.stop());

  const refused = async (method: string, target: string, status: number, code: string): Promise<void> => {
    const answer = await http.request(method, target);
    assert.equal(answer.status, status, target);
    if (method === "HEAD") return;
    assert.equal(at(answer.json, "error.code"), code, target);
    assert.equal(typeof at(answer.json, "error.message"), "string");
  };

  for (const target of [
    "/",
    "/v0",
    "/v0/",
    "/V0/TOPICS",
    "/v0/Topics/a",
    "/v0/topics/",
    "/v0/topics/a/",
    "/v0/topics/a/diff/",
    "/v0/topics/a/b/c",
    "/v0/topics//diff",
    "/v0/../v0/topics",
    "/v0/topics/../health",
    "//v0/topics",
    "/v0/%74opics",
    "*",
    "http://localhost",
    "ftp://localhost/v0/topics",
  ]) {
    it(`knows nothing at ${target}`, () => refused("GET", target, 404, "not_found"));
  }

  for (const target of [
    "/v0/topics/%2e%2e%2fa",
    "/v0/topics/a%2fb",
    "/v0/topics/a%00",
    "/v0/topics/a%",
    "/v0/topics/a%zz",
    "/v0/topics/%ff",
    "/v0/topics/%C3%A4",
    "/v0/topics/..",
    "/v0/topics/-a",
    "/v0/topics/a%0d%0aX:%20y",
    "/v0/topics/a%252e",
    `/v0/topics/${"a".repeat(256)}`,
    "/v0/topics/%00/diff",
  ]) {
    it(`takes ${target.slice(0, 40)} for no name`, async () => {
      await refused("GET", target, 400, "invalid_request");
      const answer = await http.request("POST", target, { body: '{"records":[{"data":1}]}' });
      assert.equal(answer.status, 400);
      assert.equal(at(answer.json, "error.detail.field"), "topic");
      assert.match(textAt(answer.json, "error.message"), /^[\x20-\x7e…]*$/);
    });
  }

  it("decodes a name once", async () => {
    assert.equal(at((await http.request("GET", "/v0/topics/kn%6fwn")).json, "topic"), "known");
    assert.equal(at((await http.request("GET", "http://example.com/v0/topics/known")).json, "topic"), "known");
    await refused("GET", "/v0/topics/known#part", 400, "invalid_request");
  });

  const methods: Record<string, string> = {
    "/v0/topics": "GET, HEAD",
    "/v0/topics/known": "DELETE, GET, HEAD, PATCH, POST, PUT",
    "/v0/topics/known/diff": "GET, HEAD, POST",
    "/v0/topics/known/delete": "POST",
    "/v0/health": "GET, HEAD",
    "/healthz": "GET, HEAD",
    "/v0/ready": "GET, HEAD",
    "/readyz": "GET, HEAD",
  };
  for (const [path, allow] of Object.entries(methods)) {
    it(`says which methods ${path} takes`, async () => {
      for (const method of ["OPTIONS", "TRACE", "PROPFIND", "PUT", "GET", "POST"]) {
        if (allow.split(", ").includes(method)) continue;
        const answer = await http.request(method, path, { headers: { "content-type": "text/plain" } });
        assert.equal(answer.status, 405, method);
        assert.equal(answer.headers.get("allow"), allow);
        assert.equal(at(answer.json, "error.code"), "method_not_allowed");
      }
    });
  }

  for (const path of ["/v0/topics", "/v0/topics/known", "/v0/topics/known/diff", "/v0/health", "/readyz"]) {
    it(`answers HEAD ${path} like GET, without the body`, async () => {
      const get = await http.request("GET", path);
      const head = await http.request("HEAD", path);
      assert.equal(head.status, 200);
      assert.equal(head.text, "");
      assert.equal(head.headers.get("content-type"), get.headers.get("content-type"));
      assert.ok(Math.abs(Number(head.headers.get("content-length")) - get.text.length) < 10);
    });
  }

  it("answers HEAD of what is not there with the status of GET", () => refused("HEAD", "/v0/topics/gone", 404, ""));

  it("puts every code of a caller's error into the envelope, with Retry-After where it belongs", async () => {
    http.engine.failure = new TopicsError("throttled", "slow down", {
      limit: "x",
      retry_after_ms: 2100,
      max: 2n ** 64n,
    });
    const throttled = await http.request("GET", "/v0/topics");
    assert.equal(throttled.status, 429);
    assert.equal(throttled.headers.get("retry-after"), "3");
    assert.match(throttled.text, /"max":18446744073709551616/);
    http.engine.failure = new TopicsError("wal_unavailable", "disk");
    const unavailable = await http.request("GET", "/v0/topics");
    assert.equal(unavailable.status, 503);
    assert.equal(unavailable.headers.get("retry-after"), "1");
    http.engine.failure = new TopicsError("topic_full", "full", { cap_records: 1 });
    const full = await http.request("GET", "/v0/topics");
    assert.equal(full.status, 422);
    assert.equal(full.headers.get("retry-after"), undefined);
  });

  it("says nothing about a bug, and reports it", async () => {
    http.engine.failure = new RangeError("secret /path/to/file");
    const answer = await http.request("GET", "/v0/topics");
    assert.equal(answer.status, 500);
    assert.equal(at(answer.json, "error.code"), "internal");
    assert.doesNotMatch(answer.text, /secret|path/);
    assert.ok(http.failures.pop() instanceof RangeError);
  });

  it("compresses only what is worth it, for who asks", async () => {
    const records = Array.from({ length: 100 }, (_, n) => ({ data: `record number ${n}` }));
    await http.post("/v0/topics/long", { records });
    const plain = await http.request("GET", "/v0/topics/long/diff");
    assert.equal(plain.headers.get("content-encoding"), undefined);
    const packed = await http.request("GET", "/v0/topics/long/diff", { headers: { "accept-encoding": "br, GZip" } });
    assert.equal(packed.headers.get("content-encoding"), "gzip");
    assert.equal(packed.headers.get("vary"), "Accept-Encoding");
    assert.ok(Number(packed.headers.get("content-length")) < plain.text.length / 2);
    const refusedCoding = { headers: { "accept-encoding": "gzip;q=0" } };
    const unpacked = await http.request("GET", "/v0/topics/long/diff", refusedCoding);
    assert.equal(unpacked.headers.get("content-encoding"), undefined);
    const short = await http.request("GET", "/v0/health", { headers: { "accept-encoding": "gzip" } });
    assert.equal(short.headers.get("content-encoding"), undefined);
  });
});
