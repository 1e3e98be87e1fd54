/** HTTP/2 with prior knowledge on the port of HTTP/1.1 (spec 7.6), with Node's client. */
import assert from "node:assert/strict";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { connect as connectSocket, createServer, type AddressInfo } from "node:net";
import { LiveServer } from "./testing/live-server.ts";

interface Answer {
  readonly status: number;
  readonly text: string;
}

describe("HTTP/2", () => {
  let live: LiveServer;
  let session: ClientHttp2Session;
  beforeEach(async () => {
    live = await LiveServer.start();
    session = connect(`http://127.0.0.1:${live.server.port}`);
  });
  afterEach(async () => {
    session.destroy();
    await live.stop();
    assert.deepEqual(live.failures, []);
    assert.equal(live.engine.watch.counts.streams, 0);
  });

  const begin = (path: string, body?: unknown): ClientHttp2Stream => {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const stream = session.request({ ":path": path, ":method": body === undefined ? "GET" : "POST", ...headers });
    stream.setEncoding("utf8");
    stream.end(body === undefined ? undefined : JSON.stringify(body));
    return stream;
  };
  const answer = (stream: ClientHttp2Stream): Promise<Answer> =>
    new Promise((resolve, reject) => {
      let status = 0;
      let text = "";
      stream.on("response", (headers) => (status = headers[":status"] ?? 0));
      stream.on("data", (chunk: string) => (text += chunk));
      stream.on("end", () => resolve({ status, text })).on("error", reject);
    });
  const seen = (stream: ClientHttp2Stream, text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let all = "";
      stream.on("data", (chunk: string) => {
        all += chunk;
        if (all.includes(text)) resolve(all);
      });
      stream.on("end", () => reject(new Error(`ended after ${all}`)));
    });

  it("asks what HTTP/1.1 asks, many things at once", async () => {
    const record = { records: [{ data: "x".repeat(100_000) }] };
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => answer(begin("/v0/topics/a", record))));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 201]);
    const page = await answer(begin("/v0/topics/a/diff", {}));
    assert.equal((JSON.parse(page.text) as { records: unknown[] }).records.length, 5);
    assert.equal((await answer(begin("/v0/nothing"))).status, 404);
    assert.equal((await answer(begin("/v0/topics/a", { records: [] }))).status, 400);
    assert.equal((await live.call("GET", "/v0/topics/a")).status, 200);
  });

  it("streams events", async () => {
    await live.append("a", 1);
    const stream = begin(`/v0/watch/${await live.session({ topics: { a: {} } })}`);
    const text = await seen(stream, "caught-up");
    assert.match(text, /^retry: 2000\n[^]*event: record\ndata: \{"topic":"a","records":\[\{"\$seq":1,/);
    const next = seen(stream, '"$seq":2');
    await live.append("a", 2);
    await next;
    stream.close();
  });

  it("waits for the window of a stream that is not read, and for no other", async () => {
    const big = "x".repeat(500_000);
    for (let i = 0; i < 12; i++) await live.append("a", big);
    await live.append("b", 1);
    const wid = await live.session({ topics: { a: {} } });
    const stalled = session.request({ ":path": `/v0/watch/${wid}` });
    await new Promise((resolve) => stalled.once("response", resolve));
    const other = begin(`/v0/watch/${await live.session({ topics: { b: {} } })}`);
    await seen(other, "caught-up");
    const next = seen(other, '"$seq":2');
    await live.append("b", 2);
    await next;
    other.close();
    stalled.setEncoding("utf8");
    await seen(stalled, "caught-up");
    stalled.close();
  });

  it("goes on after answers that were broken off, in the end on another connection", async () => {
    for (let i = 0; i < 4; i++) await live.append("a", "x".repeat(900_000), "y".repeat(900_000));
    const request = { max_batch_bytes: 8_000_000 };
    const brokenOff = async (): Promise<void> => {
      const stream = begin("/v0/topics/a/diff", request);
      // The last of them may come too late, and is refused.
      stream.on("error", () => undefined);
      const closed = new Promise((resolve) => stream.once("close", resolve));
      stream.once("data", () => stream.close(constants.NGHTTP2_CANCEL));
      await closed;
    };
    for (let i = 0; i < 5; i++) await brokenOff();
    const pages = await Promise.all([1, 2, 3].map(() => answer(begin("/v0/topics/a/diff", request))));
    assert.deepEqual(
      pages.map(({ status, text }) => [status, text.length > 7_000_000]),
      [1, 2, 3].map(() => [200, true]),
    );
    const asked = new Promise((resolve) => session.once("goaway", resolve));
    for (let i = 0; i < 60 && !session.closed; i++) await brokenOff();
    await asked;
    session.destroy();
    session = connect(`http://127.0.0.1:${live.server.port}`);
    assert.equal((await answer(begin("/v0/health"))).status, 200);
  });

  it("commits nothing of a body that is cut short", async () => {
    for (const code of [constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL]) {
      const stream = session.request({
        ":path": "/v0/topics/cut",
        ":method": "POST",
        "content-type": "application/json",
      });
      stream.on("error", () => undefined);
      await new Promise<void>((resolve) => stream.write('{"records":[{"data":1}]}', () => resolve()));
      const closed = new Promise((resolve) => stream.once("close", resolve));
      stream.close(code);
      await closed;
      await answer(begin("/v0/health"));
    }
    assert.equal((await answer(begin("/v0/topics/cut"))).status, 404);
  });

  it("is told apart although its first bytes come one by one", async () => {
    const proxy = createServer((client) => {
      const server = connectSocket({ port: live.server.port, host: "127.0.0.1", noDelay: true });
      let sent = Promise.resolve();
      client.on("data", (packet: Buffer) => {
        for (const byte of packet)
          sent = sent.then(
            () => new Promise((resolve) => void server.write(Buffer.of(byte), () => setImmediate(resolve))),
          );
      });
      server.on("data", (packet) => client.write(packet)).on("error", () => client.destroy());
      client.on("close", () => server.destroy()).on("error", () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    session.destroy();
    session = connect(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    assert.equal((await answer(begin("/v0/health"))).status, 200);
    session.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  });

  it("is no way to go on from HTTP/1.1", async () => {
    const socket = connectSocket(live.server.port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.write("GET /v0/health HTTP/1.1\r\nHost: localhost\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    await new Promise((resolve) => socket.on("close", resolve));
    assert.match(text, /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 400 /);
  });

  it("ends its streams when the server stops", async () => {
    await live.append("a", 1);
    const stream = begin(`/v0/watch/${await live.session({ topics: { a: {} } })}`);
    await seen(stream, "caught-up");
    const last = answer(stream);
    assert.deepEqual(await live.server.stop(), { cutOff: 0 });
    assert.match((await last).text, /server_shutting_down/);
  });
});
