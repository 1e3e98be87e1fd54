/** The order of effects on one connection (spec 7.6, 9.3), from the turns themselves to requests on a socket. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import type { Turn } from "./order.ts";
import { Order } from "./order.ts";
import { Harness, answerOf, at, requestBytes } from "./testing/harness.ts";

describe("turns", () => {
  /** Every request as a list of what it waits for, run against a plain model: nothing starts too early or never. */
  it("let reads see earlier changes, keep changes in place, and hold up nothing else", async () => {
    const kind = fc.constantFrom("read" as const, "change" as const, "other" as const);
    await fc.assert(
      fc.asyncProperty(
        fc.array(kind, { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.nat()),
        async (kinds, draw) => {
          const order = new Order();
          const turns = kinds.map(() => taken(order));
          const started = new Set<number>();
          const issued = new Set<number>();
          const settled = new Set<number>();
          const start = (place: number): void => {
            const wait = kinds[place] === "read" ? turns[place].untilReadable() : turns[place].untilChangeable();
            if (wait === undefined) started.add(place);
            else void wait.then(() => started.add(place));
          };
          const reads = new Set<number>();
          const pending = kinds.map((_, place) => place);
          while (pending.length > 0) {
            const pick = Number(draw.next().value) % pending.length;
            const place = pending[pick];
            if (kinds[place] !== "other" && !started.has(place)) {
              if (!reads.has(place)) start(place);
              reads.add(place);
            } else if (kinds[place] === "change" && !issued.has(place)) {
              turns[place].issue();
              issued.add(place);
            } else {
              turns[place].settle();
              issued.add(place);
              settled.add(place);
              pending.splice(pick, 1);
            }
            await Promise.resolve();
            await Promise.resolve();
            kinds.forEach((each, n) => {
              if (!reads.has(n) || settled.has(n)) return;
              const before = kinds.slice(0, n).map((_, earlier) => earlier);
              const free =
                each === "read"
                  ? before.every((earlier) => settled.has(earlier) || (kinds[earlier] === "read" && reads.has(earlier)))
                  : before.every((earlier) => issued.has(earlier));
              assert.equal(started.has(n), free, `${kinds.join()} at ${n}`);
            });
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

function taken(order: Order): Turn {
  const turn = order.take();
  assert.ok(turn);
  return turn;
}

describe("requests on one connection", () => {
  let http: Harness;
  beforeEach(async () => {
    http = await Harness.start();
  });
  afterEach(() => http.stop());

  const append = (data: unknown, headers: Record<string, string> = {}): Buffer => {
    const text = JSON.stringify({ records: [{ data }] });
    const body = headers["content-encoding"] === "gzip" ? gzipSync(text) : text;
    return requestBytes("POST", "/v0/topics/a", { body, headers });
  };

  it("take effect in order, though one body has to be inflated, scanned in slices, or sent in chunks", async () => {
    const large = "x".repeat(900_000);
    const slow = [
      append("1", { "content-encoding": "gzip" }),
      requestBytes("POST", "/v0/topics/a", {
        body: `{"x":${JSON.stringify([large, large, large])},"records":[{"data":"3"}]}`,
      }),
      requestBytes("POST", "/v0/topics/%61", { body: '{"records":[{"data":"5"}]}' }),
    ];
    const client = await http.connect();
    client.send(Buffer.concat(slow.flatMap((request, n) => [request, append(String(2 * n + 2))])));
    const seqs: unknown[] = [];
    for (let n = 0; n < 6; n++) seqs.push(at(answerOf(await client.response()).json, "first_seq"));
    assert.deepEqual(seqs, [1, 2, 3, 4, 5, 6]);
    const read = await http.request("GET", "/v0/topics/a/diff");
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6].map((n) => at(read.json, `records.${n - 1}.data`)),
      ["1", "2", "3", "4", "5", "6"],
    );
  });

  it("of other kinds take effect in order too", async () => {
    const client = await http.connect();
    const removal = requestBytes("DELETE", "/v0/topics/a");
    const state = requestBytes("GET", "/v0/topics/a");
    client.send(Buffer.concat([append(1), removal, append(2), state, removal, state]));
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++) statuses.push((await client.response()).status);
    assert.deepEqual(statuses, [201, 200, 201, 200, 200, 404]);
  });

  it("overlap where they are all appends: each has its place before the first is done", async () => {
    const release = http.engine.holdCommits();
    const client = await http.connect();
    client.send(Buffer.concat([append(1), append(2), append(3)]));
    await http.request("GET", "/v0/health");
    assert.equal(http.engine.appends.length, 3);
    release();
    for (const status of [201, 201, 201]) assert.ok((await client.response()).status <= status);
  });

  for (const [what, read] of [
    ["a read", requestBytes("POST", "/v0/topics/a/diff", { body: "{}" })],
    ["a read by query", requestBytes("GET", "/v0/topics/a/diff")],
    ["the state of a topic", requestBytes("GET", "/v0/topics/a")],
    ["a list", requestBytes("GET", "/v0/topics")],
  ] as const) {
    it(`show ${what} what was appended before it`, async () => {
      await http.post("/v0/topics/a", { records: [{ data: 0 }] });
      const release = http.engine.holdCommits();
      const client = await http.connect();
      client.send(Buffer.concat([append(1), read, append(2)]));
      await http.request("GET", "/v0/health");
      release();
      await client.response();
      assert.match((await client.response()).body.toString(), /"head_seq":2/);
      assert.equal(at(answerOf(await client.response()).json, "first_seq"), 3);
    });
  }

  it("do not wait for a long poll ahead of them, which they may end", async () => {
    await http.post("/v0/topics/a", { records: [{ data: 0 }] });
    const client = await http.connect();
    const poll = requestBytes("POST", "/v0/topics/a/diff", { body: '{"from_seq":1,"wait_ms":30000}' });
    client.send(Buffer.concat([poll, append(1)]));
    assert.equal(at(answerOf(await client.response()).json, "records.0.data"), 1);
    assert.equal((await client.response()).status, 200);
  });

  it("that probe the server wait for nobody", async () => {
    const release = http.engine.holdCommits();
    const client = await http.connect();
    client.send(Buffer.concat([append(1), requestBytes("GET", "/v0/health"), append(2)]));
    await http.request("GET", "/v0/health");
    assert.equal(http.engine.appends.length, 2);
    release();
    assert.equal((await client.response()).status, 201);
  });

  it("leave a read undone when its client has gone", async () => {
    const release = http.engine.holdCommits();
    const client = await http.connect();
    client.send(Buffer.concat([append(1), requestBytes("POST", "/v0/topics/a/diff", { body: "{}" })]));
    await http.request("GET", "/v0/health");
    client.destroy();
    await http.request("GET", "/v0/health");
    release();
    await http.request("GET", "/v0/health");
    assert.deepEqual(http.engine.reads, []);
    assert.deepEqual(http.failures, []);
  });
});
