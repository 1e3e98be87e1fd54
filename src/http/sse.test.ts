/** The SSE writer over real sockets (spec 4.1, 4.2, 4.3): its bytes, its heartbeats, its bound, its ends. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { TimerHandle } from "../env/env.ts";
import { stalledAfterMs } from "./outbound.ts";
import { reidentified, sseFrame } from "./sse-frame.ts";
import { SseStream } from "./sse.ts";
import { RawClient } from "./testing/raw-client.ts";

class ManualTimers {
  nowMs = 1000;
  readonly pending = new Set<{ atMs: number; callback: () => void }>();

  after(delayMs: number, callback: () => void): TimerHandle {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.pending.add(timer);
    return timer;
  }

  clear(timer: TimerHandle): void {
    this.pending.delete(timer as { atMs: number; callback: () => void });
  }

  wallMs(): number {
    return this.nowMs + 0.5;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  advance(ms: number): void {
    this.nowMs += ms;
    for (const timer of [...this.pending]) {
      if (timer.atMs > this.nowMs || !this.pending.delete(timer)) continue;
      timer.callback();
    }
  }
}

describe("a stream of events", () => {
  const timers = new ManualTimers();
  const failures: Error[] = [];
  let server: Server;
  let socket: Socket | null;
  let opened: Promise<SseStream>;
  let closed: Promise<void>;
  let drained = 0;

  before(async () => {
    server = createServer((req, res) => {
      socket = res.socket;
      res.on("error", (error) => failures.push(error));
      begin(SseStream.begin.bind(SseStream, req, res));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  let begin: (
    start: (...rest: [Parameters<typeof SseStream.begin>[2], Parameters<typeof SseStream.begin>[3]]) => SseStream,
  ) => void;
  beforeEach(() => {
    drained = 0;
    opened = new Promise((open) => {
      closed = new Promise((close) => {
        begin = (start) => {
          const source = { drained: () => void drained++, closed: close, resumeId: () => "abc" };
          open(start({ heartbeatMs: 1000, open: () => source }, { clock: timers, timers, bufferBytes: 65_536 }));
        };
      });
    });
  });

  async function connect(request = "GET /s HTTP/1.1\r\nHost: localhost\r\n\r\n"): Promise<[RawClient, SseStream]> {
    const client = await RawClient.open((server.address() as AddressInfo).port);
    client.send(Buffer.from(request, "latin1"));
    return [client, await opened];
  }

  it("has the headers and the frames that the contract asks for", async () => {
    const [client, stream] = await connect();
    stream.send(sseFrame("record", ['{"a":', Buffer.from('"é\u2028"'), "}"], "eyJ9"));
    stream.send(reidentified(sseFrame("caught-up", ["{}"], "last"), "next"));
    stream.end();
    const { status, headers, body } = await client.response();
    assert.equal(status, 200);
    assert.equal(headers.get("content-type"), "text/event-stream");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-accel-buffering"), "no");
    assert.equal(
      body.toString("utf8"),
      'retry: 2000\nid: abc\n\nid: eyJ9\nevent: record\ndata: {"a":"é\u2028"}\n\nid: next\nevent: caught-up\ndata: {}\n\n',
    );
    await closed;
    client.destroy();
  });

  it("leaves the connection usable behind a clean end", async () => {
    const [client, stream] = await connect();
    stream.end();
    await client.response();
    await closed;
    opened = new Promise((open) => {
      begin = (start) =>
        open(
          start(
            { heartbeatMs: 1000, open: () => ({ drained() {}, closed() {} }) },
            { clock: timers, timers, bufferBytes: 1 },
          ),
        );
    });
    client.send(Buffer.from("GET /s HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    (await opened).end();
    assert.equal((await client.response()).body.toString(), "retry: 2000\n\n");
    client.destroy();
  });

  it("keeps raw line breaks out of the data line", () => {
    const { plain, chunked } = sseFrame("record", [Buffer.from('{"a":\r\n[1,\n2]}')]);
    assert.equal(plain.toString(), 'event: record\ndata: {"a":  [1, 2]}\n\n');
    assert.equal(chunked.toString(), `${plain.length.toString(16)}\r\n${plain.toString()}\r\n`);
  });

  it("beats only after silence", async () => {
    const [client, stream] = await connect();
    timers.advance(999);
    stream.send(sseFrame("x", ["1"]));
    timers.advance(999);
    stream.send(sseFrame("x", ["2"]));
    timers.advance(1000);
    timers.advance(1000);
    stream.end();
    const { body } = await client.response();
    const beats = body
      .toString()
      .split("\n\n")
      .map((block) => / (\w+)/.exec(block)?.[1]);
    assert.deepEqual(beats, ["2000", "x", "x", "hb", "hb", undefined]);
    client.destroy();
  });

  it("is full when the client does not read, says when there is room, and gives a stalled one up", async () => {
    const [client, stream] = await connect();
    client.pause();
    const big = sseFrame("x", [Buffer.alloc(1 << 20, 0x31)]);
    while (!stream.isFull) stream.send(big);
    client.resume();
    await new Promise<void>((resolve) => {
      const look = (): void => (drained > 0 ? resolve() : void setImmediate(look));
      look();
    });
    assert.equal(stream.isFull, false);
    client.pause();
    while (!stream.isFull) stream.send(big);
    timers.advance(stalledAfterMs);
    assert.equal(stream.isOpen, false);
    stream.send(big);
    timers.advance(5000);
    await closed;
    assert.equal(timers.pending.size, 0);
    client.destroy();
  });

  it("says why it ends, and from where to go on", async () => {
    const [client, stream] = await connect();
    stream.shutDown();
    stream.shutDown();
    const { body } = await client.response();
    assert.match(
      body.toString(),
      /^retry: 2000\nid: abc\n\nid: abc\nevent: error\ndata: \{"code":"server_shutting_down",.*\}\n\n$/,
    );
    client.destroy();
  });

  it("is over when the client goes, and leaves nothing behind", async () => {
    const [client, stream] = await connect();
    client.destroy();
    await closed;
    assert.equal(stream.isOpen, false);
    assert.equal(timers.pending.size, 0);
  });

  it("writes nothing to a socket that is being ended, as Node does when the client is done sending", async () => {
    const [client, stream] = await connect();
    socket!.end();
    assert.equal(stream.isOpen, false);
    stream.send(sseFrame("x", ["1"]));
    stream.shutDown();
    await closed;
    assert.deepEqual(failures, []);
    client.destroy();
  });
});
