/** Life of a topic: configure, state, delete, recreate (spec 2.5). */
import { suite } from "../../case.ts";
import { asObject, equal, error, finite, members, ok, status, truth, whole } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";
import type { ConfigureAnswer, DeleteTopicAnswer } from "../../wire.ts";

const made = suite("topics", "2.5");
export const cases = made.cases;
const { core, beyond } = made;

core("create", "PUT of an absent topic creates it: 201, created", async (context) => {
  const topic = context.absent();
  const answer = ok<ConfigureAnswer>(await topic.put({ ttl_ms: 5000 }), 201);
  members(answer, { topic: topic.name, created: true }, "answer");
  equal(answer.config["ttl_ms"], 5000, "config.ttl_ms");
});

core("no-op", "PUT of the same configuration is 200, not created", async (context) => {
  const topic = await context.topic({ ttl_ms: 5000 });
  const answer = ok<ConfigureAnswer>(await topic.put({ ttl_ms: 5000 }), 200);
  members(answer, { topic: topic.name, created: false }, "answer");
});

core("change", "PUT of another configuration is 200, not created, and keeps the records", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  const answer = ok<ConfigureAnswer>(await topic.put({ cap_records: 50 }), 200);
  members(answer, { topic: topic.name, created: false }, "answer");
  equal(answer.config["cap_records"], 50, "config.cap_records");
  equal(seqsOf(await topic.read()), [1, 2, 3], "seqs afterwards");
});

core(
  "put-states-all",
  "a PUT states the whole configuration: absent fields go back to their default",
  async (context) => {
    const topic = await context.topic({ ttl_ms: 5000, cap_records: 7, dedupe_node: false, durability: "memory" });
    const answer = ok<ConfigureAnswer>(await topic.put({ cap_records: 8 }), 200);
    const expected = { ttl_ms: 0, cap_records: 8, dedupe_node: true, durability: "disk", durable: false };
    members(answer.config, expected, "config of PUT");
    members((await topic.state()).config, expected, "config of GET");
  },
);

core("put-empty-body", "a PUT without a body counts as {}", async (context) => {
  const topic = context.absent();
  ok(await topic.put(), 201);
  await topic.configured({ ttl_ms: 5000 });
  equal(ok<ConfigureAnswer>(await topic.put(), 200).config["ttl_ms"], 0, "config.ttl_ms");
});

core("put-zero-length", "a PUT with a body of no bytes counts as {}", async (context) => {
  ok(await context.absent().put(""), 201);
});

beyond("patch", "PATCH keeps what it does not name", async (context) => {
  const topic = await context.topic({ ttl_ms: 500000, cap_records: 7 });
  const reply = await context.http.send("PATCH", topic.path, { cap_records: 8 });
  const answer = ok<ConfigureAnswer>(reply);
  members(answer, { topic: topic.name, created: false }, "answer");
  members(answer.config, { ttl_ms: 500000, cap_records: 8 }, "config");
  members((await topic.state()).config, { ttl_ms: 500000, cap_records: 8 }, "config of GET");
});

beyond("patch-durability", "PATCH of durable changes the class, PATCH of another field keeps it", async (context) => {
  const topic = await context.topic({ durability: "memory" });
  const kept = ok<ConfigureAnswer>(await context.http.send("PATCH", topic.path, { ttl_ms: 0 }));
  members(kept.config, { durability: "memory", durable: false }, "config after another field");
  const changed = ok<ConfigureAnswer>(await context.http.send("PATCH", topic.path, { durable: true }));
  members(changed.config, { durability: "fsync", durable: true }, "config after durable");
});

beyond("patch-type", "PATCH can't change the type", async (context) => {
  const topic = await context.topic({ type: "log" });
  error(await context.http.send("PATCH", topic.path, { type: "queue" }), 409, "topic_exists_incompatible");
});

core("state-fresh", "the state of a fresh topic", async (context) => {
  const topic = await context.topic();
  const state = await topic.state();
  members(
    state,
    {
      topic: topic.name,
      type: "log",
      head_seq: 0,
      earliest_seq: 1,
      next_seq: 1,
      count: 0,
      bytes: 0,
      last_write_ts: null,
      last_read_ts: null,
    },
    "state",
  );
  asObject(state.config, "config");
  equal(Number.isFinite(state.effective_priority), true, "effective_priority is a number");
});

core("state-after-writes", "the state counts records and payload bytes", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: "abc" }, { data: 12, meta: { a: 1 } }, { data: null, tag: "t", node: "n" }]);
  const state = await topic.state();
  members(state, { head_seq: 3, earliest_seq: 1, next_seq: 4, count: 3, bytes: 5 + 2 + 7 + 4 }, "state");
  whole(state.last_write_ts, "last_write_ts");
});

core("last-write-ts", "last_write_ts is the time of the last record", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(2);
  const { records } = await topic.read();
  equal((await topic.state()).last_write_ts, records[1]?.$ts, "last_write_ts");
});

core("touch", "a touch counts before the answer is made; touch=false leaves no trace", async (context) => {
  const topic = await context.topic();
  equal((await topic.state("?touch=false")).last_read_ts, null, "last_read_ts without a touch");
  equal((await topic.state("?touch=0")).last_read_ts, null, "last_read_ts without a touch");
  const touched = whole((await topic.state("?touch=true")).last_read_ts, "last_read_ts of a touch");
  equal((await topic.state("?touch=false")).last_read_ts, touched, "last_read_ts afterwards");
});

core("touch-default", "GET touches unless told otherwise", async (context) => {
  const topic = await context.topic();
  whole((await topic.state("")).last_read_ts, "last_read_ts");
  const other = await context.topic();
  whole((await other.state("?touch=1")).last_read_ts, "last_read_ts");
});

beyond("diff-touches", "reading a topic counts as a read", async (context) => {
  const topic = await context.topic();
  await topic.read();
  whole((await topic.state()).last_read_ts, "last_read_ts");
});

beyond("touch-malformed", "a malformed query value is 400", async (context) => {
  const topic = await context.topic();
  for (const value of ["yes", "TRUE", "2", "", "nul"]) {
    error(await topic.get(`?touch=${value}`), 400, "invalid_request");
    error(await topic.drop(`?if_empty=${value}`), 400, "invalid_request");
  }
  await topic.untouched();
});

core("unknown-query", "an unknown query parameter is ignored", async (context) => {
  const topic = await context.topic();
  ok(await topic.get("?no_such_parameter=1&touch=false"));
});

core("drop", "DELETE removes a topic; a second one finds nothing", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(2);
  const first = ok<DeleteTopicAnswer>(await topic.drop());
  members(first, { topic: topic.name, deleted: true, routers_removed: [] }, "answer");
  error(await topic.get(), 404, "topic_not_found");
  error(await topic.diff({}), 404, "topic_not_found");
  const second = ok<DeleteTopicAnswer>(await topic.drop());
  members(second, { topic: topic.name, deleted: false, routers_removed: [] }, "second answer");
});

core("drop-absent", "DELETE of a topic that never was is 200, not deleted", async (context) => {
  const topic = context.absent();
  members(ok<DeleteTopicAnswer>(await topic.drop()), { topic: topic.name, deleted: false }, "answer");
  members(ok<DeleteTopicAnswer>(await topic.drop("?if_empty=true")), { deleted: false }, "answer");
  error(await topic.get(), 404, "topic_not_found");
});

core("drop-if-empty", "if_empty refuses a topic with records and takes one without", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(1);
  for (const value of ["true", "1"]) {
    equal(error(await topic.drop(`?if_empty=${value}`), 409, "topic_not_empty")["topic"], topic.name, "detail.topic");
  }
  equal((await topic.state()).count, 1, "count afterwards");
  members(ok<DeleteTopicAnswer>(await topic.drop("?if_empty=false")), { deleted: true }, "answer");
  const fresh = await context.topic();
  members(ok<DeleteTopicAnswer>(await fresh.drop("?if_empty=true")), { deleted: true }, "answer of an empty one");
});

beyond("drop-if-emptied", "a topic whose records are all deleted is empty", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  await topic.deleted({ before_seq: 4 });
  members(ok<DeleteTopicAnswer>(await topic.drop("?if_empty=true")), { deleted: true }, "answer");
});

core(
  "recreate",
  "a recreated topic is a new instance: no records, seqs from 1, default configuration",
  async (context) => {
    const topic = await context.topic({ ttl_ms: 500000 });
    await topic.appendedNumbers(5);
    ok(await topic.drop());
    equal(ok<ConfigureAnswer>(await topic.put({}), 201).config["ttl_ms"], 0, "config.ttl_ms");
    members(await topic.state(), { head_seq: 0, count: 0, bytes: 0, last_write_ts: null }, "state");
    equal((await topic.appended([{ data: "new" }])).first_seq, 1, "first_seq");
    equal(
      (await topic.read()).records.map((record) => record.data),
      ["new"],
      "data",
    );
  },
);

core("recreate-many", "delete and recreate in a row never shows an old record", async (context) => {
  const topic = context.absent();
  for (let round = 1; round <= 5; round++) {
    const { created, first_seq } = await topic.appended([{ data: round }]);
    equal({ created, first_seq }, { created: true, first_seq: 1 }, `write of round ${round}`);
    const { records, tombstone } = await topic.read();
    equal({ data: records.map((record) => record.data), tombstone }, { data: [round], tombstone: null }, "read");
    ok(await topic.drop());
  }
});

core("recreate-as-queue", "a deleted topic can come back with another type", async (context) => {
  const topic = await context.topic({ type: "log" });
  ok(await topic.drop());
  equal(ok<ConfigureAnswer>(await topic.put({ type: "queue" }), 201).config["type"], "queue", "config.type");
});

core("case-sensitive", "names are case-sensitive", async (context) => {
  const lower = await context.topic({}, "name");
  const upper = context.absent("NAME");
  error(await upper.get(), 404, "topic_not_found");
  await upper.appendedNumbers(2);
  equal((await lower.state()).count, 0, "count of the other one");
});

const goodLabels = ["a", "A.b_c:d-e", "0", "-", "_", "..", "a:b", "...."];
core("good-names", "every character that a name may have is taken", async (context) => {
  for (const label of goodLabels) {
    const topic = context.absent(label);
    await topic.appended([{ data: label }]);
    equal((await topic.state()).topic, topic.name, "topic");
  }
});

core("longest-name", "a name of 255 characters is taken, one of 256 refused", async (context) => {
  const longest = context.absent("n".repeat(255 - context.prefix.length));
  ok(await longest.put({}), 201);
  equal((await longest.state()).topic, longest.name, "topic");
  error(await context.http.send("PUT", `${longest.path}n`), 400, "invalid_request");
});

core("get-never-creates", "no read creates a topic", async (context) => {
  const topic = context.absent();
  status(await topic.get(), 404);
  status(await topic.diff({}), 404);
  status(await topic.diff({ wait_ms: 1 }), 404);
  status(await topic.deleteRecords({ before_seq: 1 }), 404);
  status(await topic.get(), 404);
});

core("tighten-cap", "a tightened cap takes effect at once on what is retained", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(10);
  await topic.configured({ cap_records: 4 });
  members(await topic.state(), { count: 4, earliest_seq: 7, head_seq: 10 }, "state");
  const { tombstone, records } = await topic.read();
  members(tombstone, { gap_from: 1, gap_to: 6, reason: "cap" }, "tombstone");
  equal(seqsOf({ records }), [7, 8, 9, 10], "seqs");
});

core("tighten-bytes", "a tightened byte cap takes effect at once on what is retained", async (context) => {
  const topic = await context.topic();
  await topic.appended(Array.from({ length: 10 }, () => ({ data: "abc" })));
  await topic.configured({ cap_bytes: 12 });
  members(await topic.state(), { count: 2, bytes: 10, earliest_seq: 9 }, "state");
});

core("tighten-ttl", "a tightened TTL takes effect on what is retained", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  await topic.configured({ ttl_ms: 1 });
  const state = await topic.expired();
  members(state, { count: 0, bytes: 0, earliest_seq: 4, head_seq: 3 }, "state");
});

core("loosen-cap", "a loosened cap brings nothing back", async (context) => {
  const topic = await context.topic({ cap_records: 2 });
  await topic.appendedNumbers(5);
  await topic.configured({});
  members(await topic.state(), { count: 2, earliest_seq: 4 }, "state");
  await topic.appendedNumbers(3);
  equal(seqsOf(await topic.read({ from_seq: 3 })), [4, 5, 6, 7, 8], "seqs");
});

core("concurrent-create", "of several PUTs at once exactly one creates", async (context) => {
  const topic = context.absent();
  const replies = await Promise.all(Array.from({ length: 8 }, () => topic.put({ ttl_ms: 9 })));
  const created = replies.map((reply) => ok<ConfigureAnswer>(reply, 200, 201).created);
  equal(created.filter(Boolean).length, 1, "answers that created");
  for (const reply of replies) {
    equal(reply.status, ok<ConfigureAnswer>(reply, 200, 201).created ? 201 : 200, "status");
  }
});

core("clock", "$ts is the server's time of commit and does not fall within a topic", async (context) => {
  const topic = await context.topic();
  for (let round = 0; round < 5; round++) await topic.appendedNumbers(3);
  const stamps = (await topic.read()).records.map((record) => whole(record.$ts, "$ts"));
  equal(
    stamps,
    [...stamps].sort((a, b) => a - b),
    "$ts in the order of seqs",
  );
  truth(finite(stamps[0], "$ts") > 1_600_000_000_000, `$ts is in milliseconds since the epoch: ${stamps[0]}`);
});
