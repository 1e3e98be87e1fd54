/** Watch sessions and streams as the wire shows them (spec 4.1, 4.2), over a real engine. */
import assert from "node:assert/strict";
import { defaultStorageConfig } from "../../engine/storage-config.ts";
import { type EventReader, LiveServer, type StreamEvent } from "../testing/live-server.ts";

const idOf = (cursors: Readonly<Record<string, number>>): string =>
  Buffer.from(JSON.stringify(cursors)).toString("base64url");
const seqs = ({ data }: StreamEvent): number[] => (data["records"] as { $seq: number }[]).map(({ $seq }) => $seq);
const names = (events: readonly StreamEvent[]): string[] => events.map(({ event }) => event);

describe("watch streams", () => {
  let live: LiveServer;
  beforeEach(async () => {
    live = await LiveServer.start();
  });
  afterEach(async () => {
    const { failures } = live;
    await live.stop();
    assert.deepEqual(failures, []);
  });

  const record = (stream: EventReader): Promise<StreamEvent[]> => stream.until(({ event }) => event === "record");

  it("bring the backlog, say when it is over, and then what comes", async () => {
    await live.append("a", 1, 2, 3);
    const { status, json } = await live.call("POST", "/v0/watch", { topics: { a: { from_seq: 1 } } });
    assert.equal(status, 200);
    const wid = json["wid"] as string;
    assert.match(wid, /^wid_[A-Za-z0-9_-]{22,}$/);
    assert.equal(json["stream_url"], `/v0/watch/${wid}`);
    assert.equal(json["session_ttl_ms"], 300_000);
    assert.deepEqual(json["topics"], { a: { from_seq: 1, head_seq: 3, earliest_seq: 1 } });
    const stream = await live.stream(wid);
    assert.equal(stream.response.headers["content-type"], "text/event-stream");
    const [first, caughtUp] = await stream.caughtUp();
    assert.match(stream.text, /^retry: 2000\n/);
    assert.equal(first.id, idOf({ a: 3 }));
    assert.deepEqual(seqs(first), [2, 3]);
    assert.deepEqual({ ...first.data, records: 0 }, { topic: "a", records: 0, from_seq: 1, to_seq: 3, head_seq: 3 });
    assert.deepEqual(caughtUp, { id: idOf({ a: 3 }), event: "caught-up", data: { topic: "a", head_seq: 3 } });
    await live.append("a", 4);
    const [next] = await record(stream);
    assert.deepEqual(seqs(next), [4]);
    assert.equal(next.data["from_seq"], 3);
    await live.append("a", 5);
    assert.deepEqual(names(await record(stream)), ["record"]);
  });

  it("go on where an id says, and never further than the session has come", async () => {
    await live.append("a", 1, 2, 3);
    await live.append("b", 1);
    const wid = await live.session({ topics: { a: {}, b: {} } });
    const stream = await live.stream(wid);
    await stream.caughtUp(2);
    stream.close();
    const again = await live.stream(wid, { "last-event-id": idOf({ a: 1, c: 7 }) });
    const [first] = await record(again);
    assert.deepEqual(seqs(first), [2, 3]);
    again.close();
    for (const id of [idOf({ a: 99 }), "no id", "e30", "", "bm8", idOf({ a: -1 })]) {
      const beyond = await live.stream(wid, { "last-event-id": id });
      assert.equal(beyond.response.statusCode, 200);
      assert.deepEqual(names(await beyond.caughtUp(2)), ["caught-up", "caught-up"]);
      beyond.close();
    }
  });

  it("have cursors of their own; the session keeps those of the newest", async () => {
    await live.append("a", 1, 2);
    const wid = await live.session({ topics: { a: {} } });
    const first = await live.stream(wid);
    await first.caughtUp();
    const second = await live.stream(wid, { "last-event-id": idOf({ a: 0 }) });
    assert.deepEqual(seqs((await second.caughtUp())[0]), [1, 2]);
    await live.append("a", 3);
    assert.deepEqual(seqs((await record(first))[0]), [3]);
    assert.deepEqual(seqs((await record(second))[0]), [3]);
  });

  it("announce what was evicted, with the reason that the first read of a stream has", async () => {
    await live.call("PUT", "/v0/topics/a", { cap_records: 2 });
    await live.append("a", 1, 2, 3, 4, 5);
    const stream = await live.stream(await live.session({ topics: { a: {} } }));
    const [tombstone, records] = await stream.caughtUp();
    assert.deepEqual(tombstone, {
      id: idOf({ a: 3 }),
      event: "tombstone",
      data: { topic: "a", reason: "from_seq_too_old", gap_from: 1, gap_to: 3, earliest_seq: 4, head_seq: 5 },
    });
    assert.deepEqual(seqs(records), [4, 5]);
    assert.equal(records.data["from_seq"], 0);
  });

  it("tell of a deleted topic at once, and end with the last one", async () => {
    await live.append("a", 1);
    await live.append("b", 1);
    const wid = await live.session({ topics: { a: { tail: true }, b: { tail: true } } });
    const stream = await live.stream(wid);
    await stream.caughtUp(2);
    await live.call("DELETE", "/v0/topics/a");
    const [deleted] = await stream.until(() => true);
    assert.deepEqual([deleted.event, deleted.data], ["topic-deleted", { topic: "a", head_seq: 1, reason: "deleted" }]);
    await live.append("b", 2);
    await record(stream);
    await live.append("a", "new");
    await live.call("DELETE", "/v0/topics/b");
    await stream.until(({ event }) => event === "topic-deleted");
    assert.equal(await stream.next(), undefined);
    const again = await live.stream(wid);
    const events = await again.until(({ event }) => event === "record");
    const tombstone = events.find(({ event }) => event === "tombstone");
    assert.equal(tombstone?.data["gap_from"], 1);
    assert.deepEqual(seqs(events.at(-1)!), [1]);
  });

  it("pick up topics that are made later under a prefix, from their beginning", async () => {
    await live.append("p.old", 1, 2);
    const wid = await live.session({ prefixes: ["p."] });
    await live.append("p.between", "x", "y");
    const stream = await live.stream(wid);
    const events = await stream.caughtUp(2);
    assert.deepEqual(
      events.filter(({ event }) => event === "record").map(({ data }) => data["topic"]),
      ["p.between"],
    );
    await live.append("p.later", 7);
    const [later] = await record(stream);
    assert.deepEqual([later.data["topic"], seqs(later)], ["p.later", [1]]);
    await live.append("q", 7);
    await live.append("p.old", 3);
    assert.equal((await stream.until(({ event }) => event === "record")).at(-1)?.data["topic"], "p.old");
    await live.call("DELETE", "/v0/topics/p.later");
    await stream.until(({ event }) => event === "topic-deleted");
    await live.append("p.later", 8, 9);
    const back = (await record(stream)).at(-1)!;
    assert.deepEqual([back.data["topic"], back.data["from_seq"], seqs(back)], ["p.later", 0, [1, 2]]);
  });

  it("leave out what was not asked for", async () => {
    await live.call("POST", "/v0/topics/a", {
      records: [
        { data: 1, tag: "x.1", node: "me", meta: { m: 1 } },
        { data: 2, tag: "x.2", node: "you", meta: { m: 2 } },
        { data: 3, tag: "y" },
      ],
    });
    const body = {
      topics: { a: {} },
      node: ["me"],
      match: "x*",
      include_tags: true,
      include_meta: false,
      include_data: false,
    };
    const [first, caughtUp] = await (await live.stream(await live.session(body))).caughtUp();
    const [{ $ts, ...rest }] = first.data["records"] as { $ts: number }[];
    assert.ok($ts > 0);
    assert.deepEqual(rest, { $seq: 2, $node: "you", $tag: "x.2" });
    assert.equal(caughtUp.id, idOf({ a: 3 }));
  });

  it("bring payloads with raw line breaks, U+2028 and escaped ones intact", async () => {
    const text = '{\r\n"records": [{"data": {"a":\n[1,\r2],"b":"x\\r\\n\u2028\u0085é"}, "meta":\n{"k":\n1}}]}';
    await live.call("POST", "/v0/topics/a", text);
    const [first] = await (await live.stream(await live.session({ topics: { a: {} } }))).caughtUp();
    const [{ data, meta }] = first.data["records"] as { data: unknown; meta: unknown }[];
    assert.deepEqual(data, { a: [1, 2], b: "x\r\n\u2028\u0085é" });
    assert.deepEqual(meta, { k: 1 });
  });

  it("read sealed records from the disk", async () => {
    await live.stop();
    live = await LiveServer.start({ storage: { ...defaultStorageConfig, segmentMaxRecords: 10, cacheBytes: 0 } });
    for (let i = 0; i < 20; i++) await live.append("a", ...Array.from({ length: 10 }, (_, k) => `${i}.${k}`));
    const stream = await live.stream(await live.session({ topics: { a: {} }, limit: 7 }));
    const events = await stream.caughtUp();
    assert.deepEqual(
      events.filter(({ event }) => event === "record").flatMap(seqs),
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
  });

  it("use short ids where the cursors would be too many, and resume by them", async () => {
    const topics: Record<string, unknown> = {};
    for (let i = 0; i < 70; i++) {
      await live.append(`t${i}`, i);
      topics[`t${i}`] = {};
    }
    const wid = await live.session({ topics });
    const stream = await live.stream(wid);
    const seen: StreamEvent[] = await stream.caughtUp(70);
    const records = seen.filter(({ event }) => event === "record");
    assert.ok(records.every(({ id }) => id!.length < 40));
    stream.close();
    const again = await live.stream(wid, { "last-event-id": records[9].id! });
    const repeated = await again.caughtUp(70);
    assert.deepEqual(
      repeated
        .filter(({ event }) => event === "record")
        .map(({ data }) => data["topic"])
        .sort(),
      records
        .slice(10)
        .map(({ data }) => data["topic"])
        .sort(),
    );
    again.close();
    const unknown = await live.stream(wid, { "last-event-id": Buffer.from("[77,3]").toString("base64url") });
    const all = await unknown.caughtUp(70);
    assert.equal(all.filter(({ event }) => event === "record").length, 70);
  });

  it("say that the server stops, and end cleanly", async () => {
    await live.append("a", 1);
    const stream = await live.stream(await live.session({ topics: { a: {} } }));
    await stream.caughtUp();
    void live.server.stop();
    const last = await stream.next();
    assert.equal(last?.event, "error");
    assert.equal(last?.data["code"], "server_shutting_down");
    assert.equal(last?.id, idOf({ a: 1 }));
    assert.equal(await stream.next(), undefined);
    assert.equal(stream.response.complete, true);
  });

  const refusals: [string, unknown, number, string][] = [
    ["", { topics: {} }, 400, "topics"],
    ["", {}, 400, "topics"],
    ["", { topics: [] }, 400, "topics"],
    ["", { topics: { "bad/name": {} } }, 400, "topics"],
    ["", { topics: { a: null } }, 400, "topics.a"],
    ["", { topics: { a: { from_seq: -1 } } }, 400, "topics.a.from_seq"],
    ["", { topics: { a: {} }, consistency: "sure" }, 400, "consistency"],
    ["", { topics: { a: {} }, prefixes: ["/"] }, 400, "prefixes"],
    ["", { topics: { a: {} }, heartbeat_ms: "1" }, 400, "heartbeat_ms"],
    ["", { topics: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`t${i}`, {}])) }, 400, "topics"],
    [
      "?lenient=true",
      { topics: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`t${i}`, {}])) },
      400,
      "topics",
    ],
    ["?lenient=perhaps", { topics: { a: {} } }, 400, "lenient"],
  ];
  for (const [query, body, status, field] of refusals) {
    it(`refuse ${query} ${JSON.stringify(body).slice(0, 60)}`, async () => {
      const answer = await live.call("POST", `/v0/watch${query}`, body);
      assert.equal(answer.status, status, JSON.stringify(answer.json));
      assert.equal((answer.json["error"] as { detail: { field: string } }).detail.field, field);
    });
  }

  it("refuse names that there are not, unless they may be left out", async () => {
    await live.append("a", 1);
    assert.equal((await live.call("POST", "/v0/watch", { topics: { a: {}, none: {} } })).status, 404);
    const some = await live.call("POST", "/v0/watch?lenient=true", { topics: { a: {}, none: {} } });
    assert.deepEqual(Object.keys(some.json["topics"] as object), ["a"]);
    const none = await live.call("POST", "/v0/watch?lenient=1", { topics: { none: {} } });
    assert.deepEqual([none.status, none.json["topics"]], [200, {}]);
  });

  it("are found by their wid only, and only by whom takes events", async () => {
    assert.equal((await live.call("GET", "/v0/watch/wid_nothing")).status, 404);
    await live.append("a", 1);
    const wid = await live.session({ topics: { a: {} } });
    assert.equal((await live.call("GET", `/v0/watch/${wid}`, undefined, { accept: "application/json" })).status, 406);
    assert.equal((await live.call("GET", "/v0/watch/wid_x", undefined, { accept: "application/json" })).status, 404);
    for (const accept of ["*/*", "text/*", "text/event-stream;q=0.5, */*;q=0"]) {
      const stream = await live.stream(wid, { accept });
      assert.equal(stream.response.statusCode, 200, accept);
      stream.close();
    }
    assert.equal((await live.call("HEAD", `/v0/watch/${wid}`)).status, 200);
  });
});
