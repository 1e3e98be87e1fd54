/** The WebSocket as the wire shows it (spec 4.4), with the client of the `ws` package, over a real engine. */
import assert from "node:assert/strict";
import { WebSocket } from "ws";
import { parseApiKeys } from "./auth/api-keys.ts";
import type { Json } from "./testing/harness.ts";
import { LiveServer, type LiveOptions } from "./testing/live-server.ts";

type Message = { readonly [key: string]: Json };

class Client {
  readonly ws: WebSocket;
  readonly #messages: Message[] = [];
  #code: number | undefined;
  #wake: (() => void) | undefined;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on("message", (data: Buffer) => {
      this.#messages.push(JSON.parse(data.toString("utf8")) as Message);
      this.#wake?.();
    });
    ws.on("close", (code) => {
      this.#code = code;
      this.#wake?.();
    });
  }

  static open(port: number, headers: Readonly<Record<string, string>> = {}): Promise<Client> {
    return new Promise((resolve, reject) => {
      const ws = new WebSocket(`ws://127.0.0.1:${port}/v0/ws`, { headers });
      const client = new Client(ws);
      ws.once("open", () => resolve(client));
      ws.once("error", reject);
    });
  }

  say(message: unknown): void {
    this.ws.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  async next(): Promise<Message> {
    while (this.#messages.length === 0) {
      if (this.#code !== undefined) throw new Error(`closed with ${this.#code}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#messages.shift()!;
  }

  /** The next message with this op; those before it are left out. */
  async op(op: string): Promise<Message> {
    for (;;) {
      const message = await this.next();
      if (message["op"] === op) return message;
    }
  }

  async closed(): Promise<number> {
    while (this.#code === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#code;
  }
}

describe("the WebSocket", () => {
  let live: LiveServer;
  const clients: Client[] = [];
  const start = async (options?: LiveOptions): Promise<void> => {
    live = await LiveServer.start(options);
  };
  const open = async (headers?: Readonly<Record<string, string>>): Promise<Client> => {
    const client = await Client.open(live.server.port, headers);
    clients.push(client);
    return client;
  };
  const seqs = (message: Message): number[] => (message["records"] as { $seq: number }[]).map(({ $seq }) => $seq);

  afterEach(async () => {
    for (const { ws } of clients.splice(0)) ws.terminate();
    await live.stop();
    assert.deepEqual(live.failures, []);
    assert.equal(live.engine.watch.counts.sockets, 0);
    assert.equal(live.engine.watch.counts.topics, 0);
  });

  it("subscribes, delivers, says when it has caught up, and publishes", async () => {
    await start();
    await live.append("a", 1, 2);
    const client = await open();
    client.say({ op: "subscribe", topic: "a", from_seq: 1, request_id: { any: [1.5, null] } });
    assert.deepEqual(await client.next(), {
      op: "subscribed",
      request_id: { any: [1.5, null] },
      topics: { a: { from_seq: 1, head_seq: 2, earliest_seq: 1 } },
    });
    const record = await client.next();
    assert.deepEqual(
      { ...record, records: seqs(record) },
      { op: "record", topic: "a", records: [2], from_seq: 1, to_seq: 2, head_seq: 2 },
    );
    assert.deepEqual(await client.next(), { op: "caught_up", topic: "a", head_seq: 2 });
    client.say({ op: "publish", topic: "a", records: [{ data: "x\u2028" }, { data: 2 }], request_id: "r" });
    const both = [await client.next(), await client.next()];
    const ack = both.find(({ op }) => op === "ack")!;
    assert.deepEqual([ack["request_id"], ack["seqs"], ack["head_seq"], ack["created"]], ["r", [3, 4], 4, false]);
    assert.deepEqual(seqs(both.find(({ op }) => op === "record")!), [3, 4]);
    client.say({
      op: "publish",
      topic: "new",
      records: [{ data: 1 }],
      return_seqs: false,
      request_id: 1.5,
    });
    const second = await client.op("ack");
    assert.deepEqual([second["seqs"], second["created"], second["first_seq"]], [null, true, 1]);
    client.say({ op: "ping" });
    assert.deepEqual(await client.op("pong"), { op: "pong", request_id: null });
  });

  it("takes a new cursor and new options from a second subscription, and ends one when asked", async () => {
    await start();
    await live.append("a", 1, 2, 3);
    await live.append("b", 1);
    const client = await open();
    client.say({ op: "subscribe", topic: "a", tail: true, topics: { b: { from_seq: 0 }, a: { from_seq: 2 } } });
    assert.deepEqual((await client.op("subscribed"))["topics"], {
      a: { from_seq: 2, head_seq: 3, earliest_seq: 1 },
      b: { from_seq: 0, head_seq: 1, earliest_seq: 1 },
    });
    client.say({ op: "subscribe", topic: "a", include_data: false, limit: 2 });
    await client.op("subscribed");
    let again = await client.op("record");
    while (again["from_seq"] !== 0 || again["topic"] !== "a") again = await client.op("record");
    assert.deepEqual(seqs(again), [1, 2]);
    assert.equal(
      (again["records"] as object[]).every((one) => !("data" in one)),
      true,
    );
    client.say({ op: "unsubscribe", topics: ["a", "never"], request_id: 7 });
    assert.deepEqual(await client.op("unsubscribed"), { op: "unsubscribed", request_id: 7, topics: ["a", "never"] });
    await live.append("a", 4);
    await live.append("b", 2);
    assert.equal((await client.op("record"))["topic"], "b");
    await live.call("DELETE", "/v0/topics/b");
    assert.deepEqual(await client.op("topic_deleted"), {
      op: "topic_deleted",
      topic: "b",
      head_seq: 2,
      reason: "deleted",
    });
  });

  it("tells the true reason of a tombstone", async () => {
    await start();
    await live.call("PUT", "/v0/topics/a", { cap_records: 1 });
    await live.append("a", 1, 2, 3);
    const client = await open();
    client.say({ op: "subscribe", topic: "a" });
    assert.deepEqual(await client.op("tombstone"), {
      op: "tombstone",
      topic: "a",
      reason: "cap",
      gap_from: 1,
      gap_to: 2,
      earliest_seq: 3,
      head_seq: 3,
    });
  });

  it("answers a bad message with an error and goes on", async () => {
    await start();
    const client = await open();
    const bad: [unknown, string][] = [
      ["{", "invalid_json"],
      ["[]", "invalid_json"],
      ["", "invalid_json"],
      [{ op: "dance" }, "invalid_json"],
      [{ op: "subscribe" }, "invalid_json"],
      [{ op: "subscribe", topic: 5 }, "invalid_json"],
      [{ op: "subscribe", topics: [] }, "invalid_json"],
      [{ op: "subscribe", topic: "none" }, "topic_not_found"],
      [{ op: "subscribe", topic: "../" }, "invalid_request"],
      [{ op: "unsubscribe" }, "invalid_json"],
      [{ op: "publish", topic: "a" }, "invalid_json"],
      [{ op: "publish", topic: "a", records: [{}] }, "invalid_json"],
      [{ op: "publish", topic: "a", records: [{ data: 1 }], create: false }, "topic_not_found"],
    ];
    for (const [message, code] of bad) {
      client.say(typeof message === "string" ? message : { ...(message as object), request_id: 3 });
      const error = await client.next();
      assert.deepEqual([error["op"], error["code"]], ["error", code], JSON.stringify(message));
      if (typeof message !== "string") assert.equal(error["request_id"], 3);
      assert.equal(typeof error["message"], "string");
    }
    client.ws.send(Buffer.from("{}"), { binary: true });
    assert.equal((await client.next())["code"], "unsupported_message");
    client.say({ op: "subscribe", topics: { none: {} }, lenient: true });
    assert.deepEqual((await client.next())["topics"], {});
  });

  it("keeps the order of what it is told", async () => {
    await start();
    const client = await open();
    for (let i = 0; i < 300; i++) client.say({ op: "publish", topic: "a", records: [{ data: i }], request_id: i });
    client.say({ op: "subscribe", topic: "a", tail: true, request_id: "s" });
    const acks: number[][] = [];
    while (acks.length < 300) {
      const message = await client.next();
      if (message["op"] === "ack") acks.push([message["request_id"] as number, message["first_seq"] as number]);
    }
    // The answer to what made the topic may come behind others.
    assert.deepEqual(
      acks.sort(([a], [b]) => a - b),
      Array.from({ length: 300 }, (_, i) => [i, i + 1]),
    );
  });

  it("is closed with 1009 by a message that is too large", async () => {
    await start({
      http: { limits: { ...(await import("../base/limits.ts")).defaultBatchLimits, maxBodyBytes: 1 << 20 } },
    });
    const client = await open();
    client.say("x".repeat((1 << 20) + 1));
    assert.equal(await client.closed(), 1009);
  });

  it("says that the server stops", async () => {
    await start();
    const client = await open();
    const stopped = live.server.stop();
    assert.equal((await client.op("error"))["code"], "server_shutting_down");
    assert.equal(await client.closed(), 1001);
    assert.deepEqual(await stopped, { cutOff: 0 });
  });

  it("authorises every command on its own", async () => {
    await start({ http: { keys: parseApiKeys("r:read:in.,w:write:in.,a:rw+admin") } });
    await assert.rejects(Client.open(live.server.port), /401/);
    const as = (key: string): Promise<Client> => open({ authorization: `Bearer ${key}` });
    const [reader, writer, admin] = [await as("r"), await as("w"), await as("a")];
    const tell = async (client: Client, message: object): Promise<unknown> => {
      client.say(message);
      const { op, code } = await client.next();
      return op === "error" ? code : op;
    };
    const publish = (topic: string, more: object = {}): object => ({
      op: "publish",
      topic,
      records: [{ data: 1 }],
      ...more,
    });
    assert.equal(await tell(reader, publish("in.a")), "forbidden");
    assert.equal(await tell(writer, publish("out.a")), "forbidden");
    assert.equal(await tell(writer, publish("in.a", { config: {} })), "forbidden");
    assert.equal(await tell(writer, publish("in.a")), "ack");
    assert.equal(await tell(admin, publish("out.a", { config: { ttl_ms: 1 } })), "ack");
    assert.equal(await tell(writer, { op: "subscribe", topic: "in.a" }), "forbidden");
    assert.equal(await tell(reader, { op: "subscribe", topic: "out.none" }), "forbidden");
    assert.equal(await tell(reader, { op: "subscribe", topics: { "in.a": { tail: true }, "out.a": {} } }), "forbidden");
    assert.equal(await tell(reader, { op: "subscribe", topic: "in.a" }), "subscribed");
  });

  it("is refused to pages of other origins, to other paths, and where there is no room", async () => {
    await start({ http: { maxStreams: 1 } });
    const { port } = live.server;
    await assert.rejects(Client.open(port, { origin: "http://evil.example" }), /403/);
    await assert.rejects(
      new Promise((_resolve, reject) => new WebSocket(`ws://127.0.0.1:${port}/v0/topics/none`).once("error", reject)),
      /404/,
    );
    assert.equal((await live.call("GET", "/v0/ws")).status, 400);
    assert.equal(
      (await live.call("GET", "/v0/health", undefined, { connection: "Upgrade", upgrade: "h2c" })).status,
      200,
    );
    const client = await open();
    await assert.rejects(Client.open(port), /429/);
    client.ws.close();
    await client.closed();
    await open();
  });
});
