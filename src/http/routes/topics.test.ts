/** Configure, state, list and delete of topics as the wire shows them (spec 2.4, 2.5, 2.1). */
import assert from "node:assert/strict";
import { defaultConfig } from "../../topic/config.ts";
import type { Answer, Json } from "../testing/harness.ts";
import { Harness, at, textAt } from "../testing/harness.ts";

const wireDefaults: Json = {
  type: "log",
  ttl_ms: 0,
  cap_records: 0,
  cap_bytes: 0,
  discard: "old",
  durability: "disk",
  durable: false,
  priority: null,
  auto_priority: true,
  auto_create: true,
  idempotency_window_ms: 120000,
  dedupe_node: true,
  lease_ms: 30000,
  claim_jitter_ms: 0,
  max_deliveries: 0,
  dead_letter: null,
  leases_durable: false,
};

describe("topics over http", () => {
  let http: Harness;
  beforeEach(async () => {
    http = await Harness.start();
  });
  afterEach(() => http.stop());

  const put = (body: string): Promise<Answer> => http.request("PUT", "/v0/topics/a", { body });
  const patch = (body: string): Promise<Answer> => http.request("PATCH", "/v0/topics/a", { body });
  const refused = (answer: Answer, field: string): void => {
    assert.equal(answer.status, 400, answer.text);
    assert.equal(at(answer.json, "error.detail.field"), field);
  };

  it("creates with 201 and changes with 200, answering the whole configuration", async () => {
    const created = await http.request("PUT", "/v0/topics/a");
    assert.equal(created.status, 201);
    assert.deepEqual(Object.keys(created.json ?? {}), ["topic", "created", "config", "performance"]);
    assert.deepEqual(at(created.json, "config"), wireDefaults);
    const changed = await put('{"ttl_ms":5}');
    assert.equal(changed.status, 200);
    assert.equal(at(changed.json, "created"), false);
    assert.equal(at(changed.json, "config.ttl_ms"), 5);
  });

  it("states the whole configuration with PUT, but for an absent type", async () => {
    await put("{}");
    const { type, ...defaults } = defaultConfig;
    assert.equal(type, "log");
    assert.deepEqual(http.engine.patches[0], defaults);
    await put('{"type":"queue","priority":-3,"unknown":{"x":1.5}}');
    assert.deepEqual(http.engine.patches[1], { ...defaultConfig, type: "queue", priority: -3 });
  });

  it("states with PATCH what is stated", async () => {
    assert.equal((await patch("{}")).status, 404);
    await put("{}");
    const changed = await patch('{"auto_create":false,"__proto__":{"ttlMs":9},"constructor":1}');
    assert.equal(changed.status, 200);
    assert.deepEqual(http.engine.patches.at(-1), { autoCreate: false });
  });

  it("lets an explicit durability win over its alias", async () => {
    const classes: [string, string][] = [
      ["{}", "disk"],
      ['{"durable":true}', "fsync"],
      ['{"durable":false}', "disk"],
      ['{"durable":true,"durability":"memory"}', "memory"],
      ['{"durable":true,"durability":null}', "fsync"],
      ['{"durable":false,"durability":"fsync"}', "fsync"],
      ['{"durability":"ephemeral"}', "ephemeral"],
    ];
    for (const [body, expected] of classes) {
      const { json } = await put(body);
      assert.equal(at(json, "config.durability"), expected, body);
      assert.equal(at(json, "config.durable"), expected === "fsync");
    }
  });

  it("clamps what the table clamps, and keeps every u64 exactly", async () => {
    const low = await put('{"type":"queue","lease_ms":0,"claim_jitter_ms":5001}');
    assert.equal(at(low.json, "config.lease_ms"), 100);
    assert.equal(at(low.json, "config.claim_jitter_ms"), 5000);
    const high = await put(
      '{"lease_ms":18446744073709551615,"ttl_ms":18446744073709551615,"cap_bytes":9007199254740993}',
    );
    assert.match(high.text, /"ttl_ms":18446744073709551615,/);
    assert.match(high.text, /"cap_bytes":9007199254740993,/);
    assert.equal(at(high.json, "config.lease_ms"), 86_400_000);
  });

  const wrong: [string, string][] = [
    ['{"type":"stream"}', "type"],
    ['{"type":null}', "type"],
    ['{"ttl_ms":-1}', "ttl_ms"],
    ['{"ttl_ms":1.0}', "ttl_ms"],
    ['{"ttl_ms":null}', "ttl_ms"],
    ['{"ttl_ms":18446744073709551616}', "ttl_ms"],
    ['{"cap_records":"5"}', "cap_records"],
    ['{"discard":"new"}', "discard"],
    ['{"durability":"safe"}', "durability"],
    ['{"durable":1}', "durable"],
    ['{"durable":null}', "durable"],
    ['{"priority":2147483648}', "priority"],
    ['{"priority":-2147483649}', "priority"],
    ['{"priority":0.5}', "priority"],
    ['{"auto_create":"yes"}', "auto_create"],
    ['{"dead_letter":"a"}', "dead_letter"],
    ['{"dead_letter":"../x"}', "dead_letter"],
    ['{"dead_letter":5}', "dead_letter"],
    ['{"lease_ms":-5}', "lease_ms"],
    ['{"ttl_ms":1,"ttl_ms":1}', "ttl_ms"],
  ];
  for (const [body, field] of wrong) {
    it(`refuses ${body}`, async () => {
      refused(await put(body), field);
      refused(await patch(body), field);
      assert.equal(http.engine.patches.length, 0);
    });
  }
  it("refuses a configuration that is no object", async () => {
    for (const body of ["[]", "null", '"x"', "5"]) assert.equal((await put(body)).status, 400, body);
  });

  it("shows the state of a topic, touching it or not", async () => {
    assert.equal((await http.request("GET", "/v0/topics/a")).status, 404);
    await http.request("PUT", "/v0/topics/a");
    const fresh = await http.request("GET", "/v0/topics/a?touch=false");
    assert.deepEqual(Object.keys(fresh.json ?? {}), [
      "topic",
      "type",
      "head_seq",
      "earliest_seq",
      "next_seq",
      "count",
      "bytes",
      "config",
      "effective_priority",
      "last_write_ts",
      "last_read_ts",
      "performance",
    ]);
    assert.equal(at(fresh.json, "last_write_ts"), null);
    assert.equal(at(fresh.json, "last_read_ts"), null);
    assert.equal(at((await http.request("GET", "/v0/topics/a")).json, "last_read_ts"), 2000);
    assert.equal((await http.request("GET", "/v0/topics/a?touch=maybe")).status, 400);
  });

  it("lists page by page, with a cursor that only it can make", async () => {
    for (const name of ["b", "a1", "a3", "a2"]) await http.request("PUT", `/v0/topics/${name}`);
    const list = (query: string): Promise<Answer> => http.request("GET", `/v0/topics${query}`);
    const names = (answer: Answer): Json[] =>
      (at(answer.json, "topics") as Json[]).map((topic) => at(topic, "topic") ?? null);
    assert.deepEqual(names(await list("")), ["a1", "a2", "a3", "b"]);
    const first = await list("?prefix=a&page_size=2&cursor=");
    assert.deepEqual(names(first), ["a1", "a2"]);
    const second = await list(`?prefix=a&page_size=2&cursor=${textAt(first.json, "next_cursor")}`);
    assert.deepEqual(names(second), ["a3"]);
    assert.equal(at(second.json, "next_cursor"), undefined);
    assert.deepEqual(names(await list("?page_size=0")), ["a1"]);
    assert.deepEqual(names(await list("?page_size=99999")), ["a1", "a2", "a3", "b"]);
    assert.deepEqual(names(await list("?prefix=%00")), []);
    assert.deepEqual(Object.keys((at(first.json, "topics") as Json[])[0] as object), [
      "topic",
      "head_seq",
      "earliest_seq",
      "count",
      "bytes",
      "durable",
      "effective_priority",
      "type",
      "durability",
    ]);
    const bad = [
      "cursor=*",
      "cursor=YQ==",
      "cursor=YR",
      "cursor=AAAA",
      "page_size=-1",
      "page_size=x",
      "touch=2",
      "page_size=1&page_size=1",
      "prefix=%zz",
    ];
    for (const query of bad) {
      refused(await list(`?${query}`), query.slice(0, query.indexOf("=")));
    }
  });

  it("deletes a topic, and says whether there was one", async () => {
    await http.post("/v0/topics/a", { records: [{ data: 1 }] });
    const kept = await http.request("DELETE", "/v0/topics/a?if_empty=true");
    assert.equal(kept.status, 409);
    assert.equal(at(kept.json, "error.code"), "topic_not_empty");
    const gone = await http.request("DELETE", "/v0/topics/a");
    assert.match(
      gone.text,
      /^\{"topic":"a","deleted":true,"routers_removed":\[\],"performance":\{"server_total_ms":[0-9.]+\}\}$/,
    );
    const again = await http.request("DELETE", "/v0/topics/a");
    assert.equal(again.status, 200);
    assert.equal(at(again.json, "deleted"), false);
  });
});
