/** Watch streams through clients that others wrote (spec 4.2): `eventsource`, and `eventsource-parser` over fetch. */
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { EventSource } from "eventsource";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { LiveServer } from "./testing/live-server.ts";

interface Records {
  readonly records: readonly { readonly $seq: number; readonly data: unknown }[];
}

describe("clients that others wrote", () => {
  let live: LiveServer;
  beforeEach(async () => {
    live = await LiveServer.start();
  });
  afterEach(async () => {
    await live.stop();
    assert.deepEqual(live.failures, []);
  });

  it("eventsource reads, reconnects by itself, and goes on where it was", async function () {
    this.timeout(20_000);
    await live.append("a", "one\n\u2028\r", 2);
    const wid = await live.session({ topics: { a: {} } });
    const links: Socket[] = [];
    const proxy = createServer((client) => {
      const server = connect(live.server.port, "127.0.0.1");
      links.push(client);
      client.pipe(server).pipe(client);
      client.on("error", () => undefined).on("close", () => server.destroy());
      server.on("error", () => undefined).on("close", () => client.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const source = new EventSource(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}/v0/watch/${wid}`);
    const seen: unknown[][] = [];
    let wake = (): void => undefined;
    source.addEventListener("record", ({ data }) => {
      for (const { $seq, data: value } of (JSON.parse(data as string) as Records).records) seen.push([$seq, value]);
      wake();
    });
    const until = async (count: number): Promise<void> => {
      while (seen.length < count) await new Promise<void>((resolve) => (wake = resolve));
    };
    await until(2);
    links[0].destroy();
    await live.append("a", 3);
    await until(3);
    source.close();
    assert.ok(links.length >= 2);
    for (const link of links) link.destroy();
    await new Promise((resolve) => proxy.close(resolve));
    assert.deepEqual(seen, [
      [1, "one\n\u2028\r"],
      [2, 2],
      [3, 3],
    ]);
  });

  it("eventsource-parser finds every event, and the retry", async () => {
    await live.append("a", 1, 2);
    const wid = await live.session({ topics: { a: {} }, limit: 1 });
    const response = await fetch(`http://127.0.0.1:${live.server.port}/v0/watch/${wid}`);
    const events: EventSourceMessage[] = [];
    let retry = 0;
    const parser = createParser({ onEvent: (event) => events.push(event), onRetry: (ms) => (retry = ms) });
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) {
      parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
      if (events.some(({ event }) => event === "caught-up")) break;
    }
    assert.equal(retry, 2000);
    assert.deepEqual(
      events.map(({ event }) => event),
      ["record", "record", "caught-up"],
    );
    assert.equal(events[0].id, Buffer.from('{"a":1}').toString("base64url"));
  });
});
