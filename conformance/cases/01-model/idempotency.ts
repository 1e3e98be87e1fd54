/** Idempotency keys: one append per key and topic in the window (spec 1.9). */
import { suite } from "../../case.ts";
import { equal, error, invalid, members, ok, status, truth } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";
import type { Fields, Topic } from "../../topic.ts";
import type { AppendAnswer } from "../../wire.ts";

const made = suite("idempotency", "1.9");
export const cases = made.cases;
const { core, beyond } = made;

const record = { data: 1 };

async function withHeader(topic: Topic, key: string, extra: Fields = {}): Promise<AppendAnswer> {
  const headers = { "idempotency-key": key };
  return ok<AppendAnswer>(await topic.append({ records: [record], ...extra }, { headers }), 200, 201);
}

core("repeat", "a repeat is 200 with the first answer's seqs and head, and appends nothing", async (context) => {
  const topic = context.absent();
  const first = await topic.append({ records: [record, record], idempotency_key: "k" });
  members(ok<AppendAnswer>(first, 201), { deduped: false, created: true }, "first answer");
  await topic.appendedNumbers(3);
  const repeat = await topic.append({ records: [record, record], idempotency_key: "k" });
  const expected = { topic: topic.name, first_seq: 1, last_seq: 2, seqs: [1, 2], head_seq: 2, count: 2 };
  members(ok<AppendAnswer>(repeat, 200), { ...expected, deduped: true }, "repeat");
  members(await topic.state(), { head_seq: 5, count: 5 }, "state");
});

core("repeat-many", "every repeat gets the same answer", async (context) => {
  const topic = await context.topic();
  for (let round = 0; round < 5; round++) {
    const answer = await topic.appended([record], { idempotency_key: "k" });
    members(answer, { first_seq: 1, last_seq: 1, deduped: round > 0 }, `answer ${round}`);
  }
  equal((await topic.state()).count, 1, "count");
});

core("bodies-not-compared", "a repeat with other records is still a repeat", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: "first" }], { idempotency_key: "k" });
  const answer = await topic.appended([{ data: "x" }, { data: "y" }], { idempotency_key: "k" });
  members(answer, { deduped: true, first_seq: 1, last_seq: 1, seqs: [1] }, "answer");
  equal(
    (await topic.read()).records.map((each) => each.data),
    ["first"],
    "data",
  );
});

core("other-keys", "other keys append, and keys are byte-exact", async (context) => {
  const topic = await context.topic();
  for (const key of ["k", "K", "k ", " k", "kk", "0", ""]) {
    equal(
      (await topic.appended([record], { idempotency_key: key })).deduped,
      false,
      `deduped for ${JSON.stringify(key)}`,
    );
  }
  equal((await topic.state()).count, 7, "count");
});

core("empty-key", "the empty string is a key", async (context) => {
  const topic = await context.topic();
  equal((await topic.appended([record], { idempotency_key: "" })).deduped, false, "deduped");
  equal((await topic.appended([record], { idempotency_key: "" })).deduped, true, "deduped the second time");
});

core("null-key", "a key of null is no key", async (context) => {
  const topic = await context.topic();
  for (let round = 0; round < 2; round++) {
    equal((await topic.appended([record], { idempotency_key: null })).deduped, false, "deduped");
  }
});

core("header", "the header is a key like the field", async (context) => {
  const topic = await context.topic();
  equal((await withHeader(topic, "k")).deduped, false, "deduped");
  equal((await withHeader(topic, "k")).deduped, true, "deduped by header");
  equal((await topic.appended([record], { idempotency_key: "k" })).deduped, true, "deduped by field");
  equal((await withHeader(topic, "other")).deduped, false, "deduped for another key");
});

core("body-wins", "the body's key wins over the header's", async (context) => {
  const topic = await context.topic();
  equal((await withHeader(topic, "header", { idempotency_key: "body" })).deduped, false, "deduped");
  equal((await withHeader(topic, "header")).deduped, false, "deduped by the header's key");
  equal((await withHeader(topic, "third", { idempotency_key: "body" })).deduped, true, "deduped by the body's key");
});

core("null-body-key", "a body's key of null leaves the header's", async (context) => {
  const topic = await context.topic();
  await withHeader(topic, "k", { idempotency_key: null });
  equal((await withHeader(topic, "k", { idempotency_key: null })).deduped, true, "deduped");
});

core("header-limit", "a header key of 257 bytes is 400", async (context) => {
  const topic = await context.topic();
  await withHeader(topic, "k".repeat(256));
  const headers = { "idempotency-key": "k".repeat(257) };
  invalid(await topic.append({ records: [record] }, { headers }));
  equal((await topic.state()).count, 1, "count");
});

core("concurrent", "of several writes with one key at once exactly one appends", async (context) => {
  const topic = await context.topic();
  for (let round = 0; round < 5; round++) {
    const extra = { idempotency_key: `k${round}` };
    const answers = await Promise.all(Array.from({ length: 12 }, () => topic.appended([record, record], extra)));
    equal(answers.filter((answer) => !answer.deduped).length, 1, "writes that were not deduped");
    const first = 2 * round + 1;
    for (const answer of answers) members(answer, { first_seq: first, seqs: [first, first + 1], count: 2 }, "answer");
  }
  members(await topic.state(), { count: 10, head_seq: 10 }, "state");
});

core("concurrent-fsync", "the same in an fsync topic", async (context) => {
  const topic = await context.topic({ durability: "fsync" });
  const writes = Array.from({ length: 12 }, () => topic.appended([record], { idempotency_key: "k" }));
  const answers = await Promise.all(writes);
  equal(answers.filter((answer) => !answer.deduped).length, 1, "writes that were not deduped");
  equal(seqsOf(await topic.read()), [1], "seqs");
});

core("concurrent-create", "the same when the write creates the topic", async (context) => {
  const topic = context.absent();
  const writes = Array.from({ length: 8 }, () => topic.appended([record], { idempotency_key: "k" }));
  const answers = await Promise.all(writes);
  equal(answers.filter((answer) => !answer.deduped).length, 1, "writes that were not deduped");
  equal((await topic.state()).count, 1, "count");
});

core("per-topic", "a key belongs to its topic", async (context) => {
  const [one, two] = [await context.topic(), await context.topic()];
  equal((await one.appended([record], { idempotency_key: "k" })).deduped, false, "deduped");
  equal((await two.appended([record], { idempotency_key: "k" })).deduped, false, "deduped in another topic");
});

core("goes-with-topic", "a deleted topic takes its keys along", async (context) => {
  const topic = context.absent();
  await topic.appended([record], { idempotency_key: "k" });
  ok(await topic.drop());
  const answer = await topic.appended([record], { idempotency_key: "k" });
  members(answer, { deduped: false, created: true, first_seq: 1 }, "answer");
});

core("window-zero", "a window of 0 remembers nothing", async (context) => {
  const topic = await context.topic({ idempotency_window_ms: 0 });
  for (let round = 1; round <= 3; round++) {
    members(await topic.appended([record], { idempotency_key: "k" }), { deduped: false, first_seq: round }, "answer");
  }
});

beyond("window-passes", "a key is forgotten when its window has passed", async (context) => {
  const topic = await context.topic({ idempotency_window_ms: 1 });
  await topic.appended([record], { idempotency_key: "k" });
  let appended = false;
  for (let round = 0; round < 2000 && !appended; round++) {
    appended = !(await topic.appended([record], { idempotency_key: "k" })).deduped;
  }
  truth(appended, "a repeat after a window of 1 ms appends");
});

core("refused-is-not-remembered", "a refused write leaves its key free", async (context) => {
  const topic = await context.topic({ cap_records: 1, discard: "reject" });
  await topic.appendedNumbers(1);
  error(await topic.append({ records: [record], idempotency_key: "k" }), 422, "topic_full");
  invalid(await topic.append({ records: [{ tag: "x" }], idempotency_key: "k" }));
  await topic.deleted({ before_seq: 2 });
  members(await topic.appended([record], { idempotency_key: "k" }), { deduped: false, first_seq: 2 }, "answer");
});

core("absent-topic-is-not-remembered", "a key of a write to an absent topic stays free", async (context) => {
  const topic = context.absent();
  status(await topic.append({ records: [record], idempotency_key: "k", create: false }), 404);
  members(await topic.appended([record], { idempotency_key: "k" }), { deduped: false, created: true }, "answer");
});

core("outlives-records", "a repeat is recognised though its records are gone", async (context) => {
  const topic = await context.topic();
  await topic.appended([record, record], { idempotency_key: "k" });
  await topic.deleted({ before_seq: 3 });
  const answer = await topic.appended([record], { idempotency_key: "k" });
  members(answer, { deduped: true, seqs: [1, 2], head_seq: 2 }, "answer");
  equal((await topic.state()).count, 0, "count");
});

core("without-seqs", "return_seqs=false holds for a repeat too", async (context) => {
  const topic = await context.topic();
  const path = `${topic.path}?return_seqs=false`;
  for (const deduped of [false, true]) {
    const answer = ok<AppendAnswer>(await context.http.send("POST", path, { records: [record], idempotency_key: "k" }));
    members(answer, { deduped, first_seq: 1, last_seq: 1 }, "answer");
    equal("seqs" in answer, false, "seqs");
  }
});

core("full-topic", "a repeat into a topic that is full by now is still answered", async (context) => {
  const topic = await context.topic({ cap_records: 1, discard: "reject" });
  await topic.appended([record], { idempotency_key: "k" });
  members(await topic.appended([record], { idempotency_key: "k" }), { deduped: true, first_seq: 1 }, "answer");
});

beyond(
  "lone-surrogate",
  "an escaped lone surrogate is no key",
  async (context) => {
    const topic = await context.topic();
    invalid(await topic.append('{"records":[{"data":1}],"idempotency_key":"\\ud800"}'));
    await topic.untouched();
  },
  { section: "9.3" },
);

beyond("key-by-value", "an escaped key is the key that it spells", async (context) => {
  const topic = await context.topic();
  await topic.appended([record], { idempotency_key: "aé" });
  const reply = await topic.append('{"records":[{"data":1}],"idempotency_key":"\\u0061\\u00e9"}');
  equal(ok<AppendAnswer>(reply).deduped, true, "deduped");
});
