/** Append, diff and record delete as the wire shows them (spec 2.6, 2.7, 2.8). */
import assert from "node:assert/strict";
import { Harness, at, requestBytes } from "../testing/harness.ts";
import type { Answer } from "../testing/harness.ts";

describe("records over http", () => {
  let http: Harness;
  beforeEach(async () => {
    http = await Harness.start();
  });
  afterEach(() => http.stop());

  const append = (body: string, headers: Record<string, string> = {}, query = ""): Promise<Answer> =>
    http.request("POST", `/v0/topics/a${query}`, { body, headers });
  const diff = (body: string): Promise<Answer> => http.request("POST", "/v0/topics/a/diff", { body });
  const refused = (answer: Answer, field: string): void => {
    assert.equal(answer.status, 400, answer.text);
    assert.equal(at(answer.json, "error.code"), "invalid_request");
    assert.equal(at(answer.json, "error.detail.field"), field);
  };

  it("answers an append with everything there is to know", async () => {
    const created = await append('{"records":[{"data":1},{"data":2},{"data":3}]}');
    assert.equal(created.status, 201);
    assert.match(
      created.text,
      /^\{"topic":"a","first_seq":1,"last_seq":3,"seqs":\[1,2,3\],"head_seq":3,"count":3,"created":true,"deduped":false,"performance":\{"server_total_ms":[0-9.]+,"wal_append_ms":0.25,"fsync_ms":0\}\}$/,
    );
    const again = await append('{"records":[{"data":4}]}', {}, "?return_seqs=false");
    assert.equal(again.status, 200);
    assert.equal(at(again.json, "seqs"), undefined);
    assert.equal(at(again.json, "first_seq"), 4);
  });

  it("leaves out the cost of a commit where there was none", async () => {
    http.engine.append = async () => ({
      firstSeq: 1,
      lastSeq: 1,
      headSeq: 1,
      count: 1,
      created: false,
      deduped: true,
      walAppendMs: 0,
      fsyncMs: 0,
    });
    const answer = await append('{"records":[{"data":1}]}');
    assert.deepEqual(Object.keys(at(answer.json, "performance") ?? {}), ["server_total_ms"]);
  });

  it("takes the idempotency key from the header, and rather from the body", async () => {
    const keys = async (body: string, header?: string): Promise<string | undefined> => {
      const headers = header === undefined ? {} : { "idempotency-key": header };
      const answer = await append(body, headers);
      assert.ok(answer.status < 300, answer.text);
      return http.engine.appends.at(-1)?.idempotencyKey;
    };
    const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
    assert.equal(await keys('{"records":[{"data":1}]}'), undefined);
    assert.equal(await keys('{"records":[{"data":1}]}', "k1"), "k1");
    assert.equal(await keys('{"records":[{"data":1}]}', latin1("schlüssel-🔑")), "schlüssel-🔑");
    assert.equal(await keys('{"records":[{"data":1}],"idempotency_key":"k2"}', "k1"), "k2");
    assert.equal(await keys('{"records":[{"data":1}],"idempotency_key":""}', "k1"), "");
    assert.equal(await keys('{"records":[{"data":1}],"idempotency_key":null}', "k1"), "k1");
    assert.equal(await keys('{"records":[{"data":1}]}', "k".repeat(256)), "k".repeat(256));
    refused(await append('{"records":[{"data":1}]}', { "idempotency-key": "k".repeat(257) }), "idempotency-key");
    refused(await append('{"records":[{"data":1}]}', { "idempotency-key": "\xff" }), "idempotency-key");
  });

  it("creates as asked, or not at all", async () => {
    const missing = await append('{"records":[{"data":1}],"create":false}');
    assert.equal(missing.status, 404);
    assert.equal(at(missing.json, "error.detail.topic"), "a");
    await append('{"records":[{"data":1}],"config":{"durable":true,"ttl_ms":5}}');
    assert.deepEqual(http.engine.appends[0].config, { durability: "fsync", ttlMs: 5 });
    refused(await append('{"records":[{"data":1}],"config":{"ttl_ms":-1}}'), "config.ttl_ms");
    refused(await append('{"records":[{"data":1}],"config":{"dead_letter":"a"}}'), "config.dead_letter");
    assert.equal(http.engine.appends.length, 1);
  });

  it("refuses values of return_seqs that are none", async () => {
    for (const query of ["?return_seqs=no", "?return_seqs=", "?return_seqs=1&return_seqs=1", "?return_seqs=%zz"]) {
      refused(await append('{"records":[{"data":1}]}', {}, query), "return_seqs");
    }
    assert.equal((await append('{"records":[{"data":1}]}', {}, "?return_seqs=0&other=%zz")).status, 201);
  });

  it("names the field in the message too", async () => {
    const answer = await append('{"records":[{"data":1},{"tag":"x"}]}');
    refused(answer, "records[1].data");
    assert.match(answer.text, /"message":"records\[1\]\.data is required"/);
  });

  it("brings payloads back as they were written", async () => {
    const data = String.raw`{"a":1e400,"b":12345678901234567890,"c":-0,"d":1.0,"d":2,"__proto__":"\ud800\u0041","e":"é🔑"}`;
    await append(`{"records":[{"d\\u0061ta":${data},"meta":{"x":1}}]}`);
    const answer = await diff("{}");
    assert.ok(answer.text.includes(`"data":${data},"meta":{"x":1}}`), answer.text);
  });

  it("answers a read with the records in between", async () => {
    await append('{"records":[{"data":1},{"data":2,"node":"n"},{"data":3}]}');
    const page = await diff('{"limit":2}');
    assert.equal(page.status, 200);
    assert.match(
      page.text,
      /^\{"topic":"a","records":\[\{"\$seq":1,"\$ts":1000,"data":1\},\{"\$seq":2,"\$ts":1000,"\$node":"n","data":2\}\],"next_from_seq":2,"head_seq":3,"earliest_seq":1,"caught_up":false,"tombstone":null,"lag":1,"performance":\{"server_total_ms":[0-9.]+,"records_scanned":2\}\}$/,
    );
    const empty = await diff('{"from_seq":3}');
    assert.deepEqual(at(empty.json, "records"), []);
    assert.equal(at(empty.json, "caught_up"), true);
  });

  it("spells a tombstone out", async () => {
    await append('{"records":[{"data":1}]}');
    http.engine.tombstone = { gapFrom: 1, gapTo: 4, reason: "cap", missedEstimate: 4, earliestSeq: 5, headSeq: 9 };
    assert.deepEqual(at((await diff("{}")).json, "tombstone"), {
      gap_from: 1,
      gap_to: 4,
      reason: "cap",
      missed_estimate: 4,
      earliest_seq: 5,
      head_seq: 9,
    });
  });

  it("joins the slices of a read with commas", async () => {
    await append('{"records":[{"data":1}]}');
    const read = http.engine.read.bind(http.engine);
    http.engine.read = async (topic, request) => {
      const result = await read(topic, request);
      return {
        ...result,
        slices: [Buffer.from('{"$seq":1}'), Buffer.from('{"$seq":2},{"$seq":3}'), Buffer.from('{"$seq":4}')],
      };
    };
    const answer = await diff("{}");
    assert.equal((at(answer.json, "records") as unknown[]).length, 4);
    assert.equal(Number(answer.headers.get("content-length")), Buffer.byteLength(answer.text));
  });

  it("reads with the same meaning from a body and from a query", async () => {
    await append('{"records":[{"data":1}]}');
    const same: [string, string][] = [
      ["{}", ""],
      ['{"limit":0,"max_batch_bytes":0,"node":null,"match":null}', "?limit=0&max_batch_bytes=0"],
      ['{"from_seq":7,"limit":5000,"max_batch_bytes":999999999}', "?from_seq=7&limit=5000&max_batch_bytes=999999999"],
      ['{"from_seq":18446744073709551615}', "?from_seq=18446744073709551615"],
      ['{"node":"a b"}', "?node=a+b"],
      ['{"node":["x","y,z"]}', "?node=x&node=y%2Cz"],
      [
        '{"include_tags":true,"include_meta":false,"include_data":false}',
        "?include_tags=1&include_meta=0&include_data=false",
      ],
      ['{"match":"x*"}', "?match=x*"],
      ['{"match":["tag","Eq","x*"]}', '?match=["tag","Eq","x*"]'],
    ];
    for (const [body, query] of same) {
      assert.equal((await diff(body)).status, 200, body);
      assert.equal((await http.request("GET", `/v0/topics/a/diff${query}`)).status, 200, query);
      const [fromQuery, fromBody] = [http.engine.reads.pop(), http.engine.reads.pop()];
      assert.deepEqual(fromQuery, fromBody);
    }
  });

  it("applies the defaults and bounds of a read", async () => {
    await append('{"records":[{"data":1}]}');
    await diff("{}");
    assert.deepEqual(http.engine.reads[0], {
      fromSeq: 0,
      limit: 256,
      maxBytes: 1024 * 1024,
      nodes: [],
      includeTags: false,
      includeMeta: true,
      includeData: true,
      match: undefined,
      waitMs: 0,
      signal: undefined,
    });
    await diff('{"limit":1001,"max_batch_bytes":8388609,"from_seq":9007199254740993,"wait_ms":0}');
    const { limit, maxBytes, fromSeq } = http.engine.reads[1];
    assert.deepEqual(
      { limit, maxBytes, fromSeq },
      { limit: 1000, maxBytes: 8388608, fromSeq: Number.MAX_SAFE_INTEGER },
    );
  });

  const wrong: [string, string][] = [
    ['{"from_seq":-1}', "from_seq"],
    ['{"from_seq":1.0}', "from_seq"],
    ['{"from_seq":1e3}', "from_seq"],
    ['{"from_seq":-0}', "from_seq"],
    ['{"from_seq":"5"}', "from_seq"],
    ['{"from_seq":18446744073709551616}', "from_seq"],
    ['{"from_seq":null}', "from_seq"],
    ['{"limit":true}', "limit"],
    ['{"node":1}', "node"],
    ['{"node":["a",1]}', "node"],
    [`{"node":"${"n".repeat(129)}"}`, "node"],
    ['{"include_tags":"true"}', "include_tags"],
    ['{"include_meta":null}', "include_meta"],
    ['{"wait_ms":[]}', "wait_ms"],
    ['{"match":5}', "match"],
    ['{"match":["tag","Like","x"]}', "match"],
    ['{"match":["tag","Glob","x"]}', "match"],
    ['{"match":["tag","Glob","x*y*"]}', "match"],
    ['{"match":["tag","Eq"]}', "match"],
    ['{"match":["node","Eq","x"]}', "match"],
    ['{"match":"a*b*"}', "match"],
    ['{"limit":1,"limit":2}', "limit"],
  ];
  for (const [body, field] of wrong) {
    it(`refuses a read with ${body.slice(0, 40)}`, async () => refused(await diff(body), field));
  }
  for (const query of [
    "from_seq=-1",
    "from_seq=1.0",
    "from_seq=01",
    "from_seq=",
    "from_seq=1&from_seq=1",
    "limit=x",
    "include_tags=yes",
    "match=a*b*",
    "match=[",
    "node=%ff",
  ]) {
    it(`refuses a read with ?${query}`, async () => {
      refused(await http.request("GET", `/v0/topics/a/diff?${query}`), query.slice(0, query.indexOf("=")));
    });
  }

  it("waits for the next record, and not longer than allowed", async () => {
    await append('{"records":[{"data":1}]}');
    const client = await http.connect();
    client.send(requestBytes("POST", "/v0/topics/a/diff", { body: '{"from_seq":1,"wait_ms":99999}' }));
    await http.request("GET", "/v0/health");
    assert.equal(http.engine.waiting, 1);
    assert.equal(http.engine.reads[0].waitMs, 30_000);
    await append('{"records":[{"data":2}]}');
    assert.match((await client.response()).body.toString(), /"next_from_seq":2/);
  });

  it("deletes below a seq, by tag, or both", async () => {
    await append('{"records":[{"data":1,"tag":"x"},{"data":2,"tag":"y"},{"data":3,"tag":"x"},{"data":4}]}');
    const remove = (body: string): Promise<Answer> => http.request("POST", "/v0/topics/a/delete", { body });
    const first = await remove('{"before_seq":3,"match":["tag","Eq","x"]}');
    assert.match(
      first.text,
      /^\{"topic":"a","deleted":1,"earliest_seq":2,"head_seq":4,"count":3,"bytes":3,"performance":\{"server_total_ms":[0-9.]+\}\}$/,
    );
    assert.equal(at((await remove('{"match":"x*"}')).json, "deleted"), 1);
    assert.equal(at((await remove('{"before_seq":18446744073709551615}')).json, "deleted"), 2);
    for (const body of ["{}", '{"before_seq":null,"match":null}']) assert.equal((await remove(body)).status, 400);
    refused(await remove('{"before_seq":-1}'), "before_seq");
    refused(await remove('{"match":["tag","Glob","x"]}'), "match");
    assert.equal((await http.request("POST", "/v0/topics/gone/delete", { body: '{"before_seq":1}' })).status, 404);
  });

  it("scans a large body in steps, and then appends it whole", async () => {
    const filler = "x".repeat(900_000);
    const records = Array.from({ length: 4 }, () => ({ data: filler }));
    const answer = await http.post("/v0/topics/a", { records });
    assert.equal(answer.status, 201);
    assert.equal(at(answer.json, "count"), 4);
  });
});
