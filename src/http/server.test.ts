/** The transport: connections, pipelining, framing errors, stops (spec 7.5, 7.6, 9.3). */
import assert from "node:assert/strict";
import { Harness, answerOf, at, requestBytes, textAt } from "./testing/harness.ts";

describe("http server", () => {
  let http: Harness;
  beforeEach(async () => {
    http = await Harness.start();
  });
  afterEach(() => http.stop());

  const append = (topic: string, data: string): Buffer =>
    requestBytes("POST", `/v0/topics/${topic}`, { body: `{"records":[{"data":${data}}]}` });

  it("answers pipelined requests in order, also when the first takes longer", async () => {
    let open: (() => void) | undefined;
    http.engine.gate = new Promise((resolve) => {
      open = resolve;
    });
    const client = await http.connect();
    client.send(Buffer.concat([append("a", "1"), requestBytes("GET", "/v0/health"), append("b", "2")]));
    await http.request("GET", "/v0/health");
    open?.();
    assert.equal(at(answerOf(await client.response()).json, "topic"), "a");
    assert.equal(at(answerOf(await client.response()).json, "status"), "ok");
    assert.equal(at(answerOf(await client.response()).json, "topic"), "b");
  });

  it("outlives clients that ask for a tunnel and are gone when they are refused", async () => {
    const tunnel = Buffer.from("CONNECT example.com:80 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (let round = 0; round < 100; round++) {
      const client = await http.connect();
      client.send(round % 2 === 0 ? tunnel : Buffer.concat([append("a", "1"), tunnel]));
      client.reset();
    }
    assert.equal((await http.request("GET", "/v0/health")).status, 200);
  });

  it("takes a request that arrives byte by byte", async () => {
    const client = await http.connect();
    for (const byte of append("a", '"x"')) client.send(Uint8Array.of(byte));
    assert.equal((await client.response()).status, 201);
  });

  it("keeps the connection usable after an error", async () => {
    const client = await http.connect();
    client.send(requestBytes("POST", "/v0/topics/a", { body: "{" }));
    assert.equal((await client.response()).status, 400);
    client.send(requestBytes("POST", "/v0/topics/a", { body: "x".repeat(100_000), headers: { "content-type": "" } }));
    assert.equal((await client.response()).status, 415);
    client.send(append("a", "1"));
    assert.equal((await client.response()).status, 201);
  });

  it("commits nothing of a body that is cut short", async () => {
    const client = await http.connect();
    client.send(append("a", '"a long enough string"').subarray(0, -3));
    client.finish();
    const rest = await client.ended();
    assert.match(rest.toString(), /^(HTTP\/1\.1 400 |$)/);
    const chunked = await http.connect();
    const head = "POST /v0/topics/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    chunked.send(`${head}Transfer-Encoding: chunked\r\n\r\n1b\r\n{"records":[{"data":null}]}\r\n`);
    chunked.destroy();
    await http.request("GET", "/v0/health");
    assert.equal(http.engine.appends.length, 0);
  });

  const json = "Content-Type: application/json\r\n";
  const body = '{"records":[{"data":null}]}';
  const framing: Record<string, string> = {
    "two lengths": `POST /v0/topics/a HTTP/1.1\r\nHost: localhost\r\n${json}Content-Length: 27\r\nContent-Length: 27\r\n\r\n${body}`,
    "a length and chunks": `POST /v0/topics/a HTTP/1.1\r\nHost: localhost\r\n${json}Content-Length: 27\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\n${body}\r\n0\r\n\r\n`,
    "two hosts": `GET /v0/topics HTTP/1.1\r\nHost: localhost\r\nHost: y\r\n\r\n`,
    "no host": `GET /v0/topics HTTP/1.1\r\n\r\n`,
    "two authorizations": `GET /v0/topics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n`,
    "a bad chunk size": `POST /v0/topics/a HTTP/1.1\r\nHost: localhost\r\n${json}Transfer-Encoding: chunked\r\n\r\nzz\r\n${body}\r\n0\r\n\r\n`,
    "a length that is no number": `POST /v0/topics/a HTTP/1.1\r\nHost: localhost\r\n${json}Content-Length: 2x\r\n\r\n{}`,
    "no HTTP at all": `hello\r\n\r\n`,
    "a space before the colon": `GET /v0/topics HTTP/1.1\r\nHost : x\r\n\r\n`,
    "too many header bytes": `GET /v0/topics HTTP/1.1\r\nHost: localhost\r\nX: ${"a".repeat(40_000)}\r\n\r\n`,
    "an unknown expectation": `GET /v0/topics HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\n\r\n`,
  };
  for (const [what, bytes] of Object.entries(framing)) {
    it(`answers 400 and closes on ${what}, and does nothing of what follows in the same packet`, async () => {
      const client = await http.connect();
      client.send(Buffer.concat([Buffer.from(bytes), append("b", "1"), append("b", "2")]));
      const answer = answerOf(await client.response());
      assert.equal(answer.status, 400);
      assert.equal(answer.headers.get("connection"), "close");
      assert.equal(at(answer.json, "error.code"), "invalid_request");
      assert.equal((await client.ended()).length, 0);
      assert.equal(http.engine.appends.length, 0);
    });
  }

  it("answers what was asked properly before it refuses what follows", async () => {
    const client = await http.connect();
    client.send(Buffer.concat([append("a", "1"), Buffer.from("nonsense\r\n\r\n")]));
    assert.equal((await client.response()).status, 201);
    assert.equal((await client.response()).status, 400);
    assert.equal((await client.ended()).length, 0);
  });

  it("invites a body that waits for it, and refuses one without inviting it", async () => {
    const bytes = requestBytes("POST", "/v0/topics/a", {
      body: '{"records":[{"data":1}]}',
      headers: { expect: "100-continue" },
    });
    const headEnd = bytes.indexOf("\r\n\r\n") + 4;
    const client = await http.connect();
    client.send(bytes.subarray(0, headEnd));
    assert.equal((await client.response()).status, 100);
    client.send(bytes.subarray(headEnd));
    assert.equal((await client.response()).status, 201);

    const refused = await http.connect();
    refused.send(bytes.subarray(0, headEnd).toString().replace("application/json", "text/plain"));
    const answer = await refused.response();
    assert.equal(answer.status, 415);
    assert.equal(answer.headers.get("connection"), "close");
    await refused.ended();
  });

  it("gives back what a read pins once the answer has gone or the client has", async () => {
    const client = await http.connect();
    client.send(append("a", "1"));
    await client.response();
    client.send(requestBytes("POST", "/v0/topics/a/diff"));
    await client.response();
    client.send(requestBytes("GET", "/v0/health"));
    await client.response();
    assert.equal(http.engine.released, 1);
  });

  it("ends a long poll when its client hangs up", async () => {
    await http.post("/v0/topics/a", { records: [{ data: 1 }] });
    const client = await http.connect();
    client.send(requestBytes("POST", "/v0/topics/a/diff", { body: '{"from_seq":1,"wait_ms":30000}' }));
    await http.request("GET", "/v0/health");
    const { signal } = http.engine.reads[0];
    assert.ok(signal);
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    client.destroy();
    await aborted;
  });

  it("refuses to listen where somebody else does, and says where", async () => {
    await assert.rejects(Harness.start({ port: http.server.port }), (error: Error) => {
      assert.match(error.message, new RegExp(`cannot listen on 127.0.0.1:${http.server.port}`));
      return true;
    });
  });
});

describe("http server, slow clients", () => {
  const quick = { headersTimeoutMs: 20, requestTimeoutMs: 40, timeoutCheckMs: 5 };

  it("ends a connection whose headers never end", async () => {
    const http = await Harness.start(quick);
    const client = await http.connect();
    client.send("GET /v0/topics HTTP/1.1\r\nHost: localhost\r\n");
    const answer = answerOf(await client.response());
    assert.equal(answer.status, 400);
    assert.match(textAt(answer.json, "error.message"), /too long/);
    await client.ended();
    await http.stop();
  });

  it("ends a request whose body never ends", async () => {
    const http = await Harness.start(quick);
    const client = await http.connect();
    client.send(requestBytes("POST", "/v0/topics/a", { body: '{"records":[{"data":1}]}' }).subarray(0, -1));
    assert.equal((await client.response()).status, 400);
    await client.ended();
    assert.equal(http.engine.appends.length, 0);
    await http.stop();
  });

  it("ends a connection on which nothing happens", async () => {
    const http = await Harness.start({ silenceMs: 20 });
    await (await http.connect()).ended();
    await http.stop();
  });
});

describe("http server, stopping", () => {
  it("finishes what is in flight, ends idle connections, and takes no more", async () => {
    const http = await Harness.start();
    let open: (() => void) | undefined;
    http.engine.gate = new Promise((resolve) => {
      open = resolve;
    });
    const idle = await http.connect();
    const client = await http.connect();
    client.send(requestBytes("POST", "/v0/topics/a", { body: '{"records":[{"data":1}]}' }));
    await http.request("GET", "/v0/health");
    const stopped = http.server.stop();
    await idle.ended();
    await assert.rejects(http.connect());
    open?.();
    const answer = await client.response();
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get("connection"), "close");
    assert.deepEqual(await stopped, { cutOff: 0 });
    assert.deepEqual(await http.server.stop(), { cutOff: 0 });
  });

  it("answers long polls at once", async () => {
    const http = await Harness.start();
    await http.post("/v0/topics/a", { records: [{ data: 1 }] });
    const client = await http.connect();
    client.send(requestBytes("POST", "/v0/topics/a/diff", { body: '{"from_seq":1,"wait_ms":30000}' }));
    await http.request("GET", "/v0/health");
    const stopped = http.server.stop();
    assert.equal((await client.response()).status, 200);
    assert.deepEqual(await stopped, { cutOff: 0 });
  });

  it("takes the rest of a body that was on its way, and refuses the request behind it", async () => {
    const http = await Harness.start();
    const client = await http.connect();
    const bytes = requestBytes("POST", "/v0/topics/a", { body: '{"records":[{"data":1}]}' });
    client.send(bytes.subarray(0, -5));
    const late = await http.connect();
    late.send(requestBytes("POST", "/v0/topics/a", { body: '{"records":[{"data":1}]}' }).subarray(0, -5));
    await http.request("GET", "/v0/health");
    const stopped = http.server.stop();
    client.send(bytes.subarray(-5));
    assert.equal((await client.response()).status, 201);
    late.send(bytes.subarray(-5));
    assert.equal((await late.response()).status, 200);
    assert.deepEqual(await stopped, { cutOff: 0 });
    assert.equal(http.engine.appends.length, 2);
  });

  it("says that it is stopping to a request that comes too late", async () => {
    const http = await Harness.start();
    http.engine.current = { state: "stopping" };
    const answer = await http.request("GET", "/v0/topics");
    assert.equal(answer.status, 503);
    assert.equal(at(answer.json, "error.code"), "shutting_down");
    assert.equal(answer.headers.get("retry-after"), "1");
    await http.stop();
  });

  it("cuts off what outlives the budget, and says how many", async () => {
    const http = await Harness.start({ drainMs: 1 });
    http.engine.gate = new Promise(() => undefined);
    const client = await http.connect();
    client.send(requestBytes("POST", "/v0/topics/a", { body: '{"records":[{"data":1}]}' }));
    await http.request("GET", "/v0/health");
    assert.deepEqual(await http.server.stop(), { cutOff: 1 });
    await client.ended();
  });
});
