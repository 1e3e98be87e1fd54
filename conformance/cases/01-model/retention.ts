/** Caps and TTL: exact logical results, both ways to discard, accounting (spec 1.6). */
import { suite } from "../../case.ts";
import { equal, error, members, status, truth } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";

const made = suite("retention", "1.6");
export const cases = made.cases;
const { core, beyond } = made;

core("cap-exact", "after every write to a topic with cap_records 3, count is at most 3", async (context) => {
  const topic = await context.topic({ cap_records: 3 });
  for (let head = 1; head <= 8; head++) {
    await topic.appendedNumbers(1);
    const count = Math.min(head, 3);
    members(await topic.state(), { count, bytes: count, head_seq: head, earliest_seq: head - count + 1 }, "state");
  }
});

core("cap-within-one-write", "five records into cap_records 3 leave the last three", async (context) => {
  const topic = await context.topic({ cap_records: 3 });
  members(await topic.appendedNumbers(5), { seqs: [1, 2, 3, 4, 5], head_seq: 5, count: 5 }, "answer");
  equal(seqsOf(await topic.read()), [3, 4, 5], "seqs");
});

core("cap-one", "a cap of one keeps the last record", async (context) => {
  const topic = await context.topic({ cap_records: 1 });
  await topic.appendedNumbers(3);
  await topic.appended([{ data: "last" }]);
  const { records } = await topic.read();
  equal(
    records.map((record) => record.data),
    ["last"],
    "data",
  );
});

core("cap-bytes", "cap_bytes counts data and meta, without framing, tag or node", async (context) => {
  const topic = await context.topic({ cap_bytes: 20 });
  const record = { data: "abc", meta: { a: 1 }, tag: "a-long-tag", node: "a-long-node" };
  await topic.appended([record]);
  equal((await topic.state()).bytes, 5 + 7, "bytes of one record");
  await topic.appended([{ data: 12345678 }]);
  members(await topic.state(), { bytes: 20, count: 2, earliest_seq: 1 }, "state at the cap");
  await topic.appended([{ data: 1 }]);
  members(await topic.state(), { bytes: 9, count: 2, earliest_seq: 2 }, "state after one byte more");
});

core("cap-both", "whichever cap is hit first counts", async (context) => {
  const topic = await context.topic({ cap_records: 4, cap_bytes: 10 });
  await topic.appendedNumbers(5);
  members(await topic.state(), { count: 4, bytes: 4 }, "state by records");
  await topic.appended([{ data: "1234567" }]);
  members(await topic.state(), { count: 2, bytes: 10, earliest_seq: 5 }, "state by bytes");
});

beyond(
  "cap-bytes-larger-than-cap",
  "a record larger than the whole byte cap is committed and evicted at once",
  async (context) => {
    const topic = await context.topic({ cap_bytes: 10 });
    await topic.appendedNumbers(2);
    members(await topic.appended([{ data: "larger than the cap" }]), { first_seq: 3, head_seq: 3 }, "answer");
    members(await topic.state(), { count: 0, bytes: 0, head_seq: 3, earliest_seq: 4 }, "state");
    const { tombstone, records } = await topic.read();
    members(tombstone, { gap_from: 1, gap_to: 3, reason: "cap" }, "tombstone");
    equal(records, [], "records");
  },
);

core("deleted-do-not-count", "deleted records count toward neither cap", async (context) => {
  const topic = await context.topic({ cap_records: 3, cap_bytes: 6 });
  await topic.appended([{ data: 11 }, { data: 12 }, { data: 13 }]);
  await topic.deleted({ before_seq: 3 });
  await topic.appended([{ data: 14 }, { data: 15 }]);
  const answer = await topic.read();
  equal({ seqs: seqsOf(answer), tombstone: answer.tombstone }, { seqs: [3, 4, 5], tombstone: null }, "read");
  members(await topic.state(), { count: 3, bytes: 6 }, "state");
});

core("reject-full", "discard reject refuses a write over the cap before it assigns a seq", async (context) => {
  const topic = await context.topic({ cap_records: 3, discard: "reject" });
  await topic.appendedNumbers(2);
  const detail = error(await topic.append({ records: [{ data: 1 }, { data: 2 }] }), 422, "topic_full");
  members(detail, { cap_records: 3, cap_bytes: 0, head_seq: 2, earliest_seq: 1, topic: topic.name }, "detail");
  members(await topic.state(), { count: 2, head_seq: 2, next_seq: 3 }, "state");
  equal((await topic.appendedNumbers(1)).seqs, [3], "seqs of a write that fits");
  error(await topic.append({ records: [{ data: 1 }] }), 422, "topic_full");
  equal(seqsOf(await topic.read()), [1, 2, 3], "seqs");
});

core("reject-bytes", "discard reject counts bytes exactly", async (context) => {
  const topic = await context.topic({ cap_bytes: 10, discard: "reject" });
  await topic.appended([{ data: "123456" }]);
  const detail = error(await topic.append({ records: [{ data: 123 }] }), 422, "topic_full");
  members(detail, { cap_bytes: 10, cap_records: 0, head_seq: 1 }, "detail");
  await topic.appended([{ data: 12 }]);
  members(await topic.state(), { bytes: 10, count: 2 }, "state");
});

core("reject-larger-than-cap", "one write larger than the whole cap is record_too_large", async (context) => {
  const records = await context.topic({ cap_records: 3, discard: "reject" });
  error(await records.append({ records: Array.from({ length: 4 }, () => ({ data: 1 })) }), 400, "record_too_large");
  await records.untouched();
  const bytes = await context.topic({ cap_bytes: 10, discard: "reject" });
  error(await bytes.append({ records: [{ data: "123456789" }] }), 400, "record_too_large");
  error(await bytes.append({ records: [{ data: 123456 }, { data: 12345 }] }), 400, "record_too_large");
  await bytes.untouched();
});

core("reject-makes-room", "a delete makes room in a full topic", async (context) => {
  const topic = await context.topic({ cap_records: 2, discard: "reject" });
  await topic.appendedNumbers(2);
  error(await topic.append({ records: [{ data: 1 }] }), 422, "topic_full");
  await topic.deleted({ before_seq: 2 });
  equal((await topic.appendedNumbers(1)).seqs, [3], "seqs");
});

core("reject-ttl-makes-room", "expiry makes room in a full topic", async (context) => {
  const topic = await context.topic({ cap_records: 2, discard: "reject", ttl_ms: 1 });
  await topic.appendedNumbers(2);
  await topic.expired();
  equal((await topic.appendedNumbers(2)).seqs, [3, 4], "seqs");
});

core("reject-evicts-nothing", "discard reject never evicts", async (context) => {
  const topic = await context.topic({ cap_records: 5, discard: "reject" });
  await topic.appendedNumbers(5);
  for (let round = 0; round < 3; round++) status(await topic.append({ records: [{ data: 1 }] }), 422);
  const answer = await topic.read();
  equal({ seqs: seqsOf(answer), tombstone: answer.tombstone }, { seqs: [1, 2, 3, 4, 5], tombstone: null }, "read");
});

core("reject-concurrent", "concurrent writes fill a topic to its cap, not over it", async (context) => {
  const topic = await context.topic({ cap_records: 10, discard: "reject" });
  const replies = await Promise.all(Array.from({ length: 25 }, () => topic.append({ records: [{ data: 1 }] })));
  equal(replies.filter((reply) => reply.status === 200).length, 10, "writes that were taken");
  equal(replies.filter((reply) => reply.status === 422).length, 15, "writes that were refused");
  members(await topic.state(), { count: 10, head_seq: 10 }, "state");
});

core("ttl-off", "a ttl_ms of 0 expires nothing", async (context) => {
  const topic = await context.topic({ ttl_ms: 0 });
  await topic.appendedNumbers(2);
  for (let round = 0; round < 20; round++) equal((await topic.state()).count, 2, "count");
});

core("ttl-long", "records younger than their TTL stay", async (context) => {
  const topic = await context.topic({ ttl_ms: 3600000 });
  await topic.appendedNumbers(3);
  const answer = await topic.read();
  equal({ seqs: seqsOf(answer), tombstone: answer.tombstone }, { seqs: [1, 2, 3], tombstone: null }, "read");
});

core("ttl-invisible-everywhere", "an expired record is gone from reads, counts and lists alike", async (context) => {
  const topic = await context.topic({ ttl_ms: 1 });
  await topic.appended([{ data: 1, tag: "x" }, { data: 2 }]);
  await topic.expired();
  equal((await topic.read()).records, [], "records");
  const listed = await context.http.send("GET", `/v0/topics?prefix=${topic.name}`);
  members(
    (listed.json as { topics: unknown[] }).topics[0],
    { count: 0, bytes: 0, earliest_seq: 3, head_seq: 2 },
    "entry",
  );
  members(await topic.deleted({ match: "x" }), { deleted: 0, count: 0, bytes: 0, earliest_seq: 3 }, "delete");
});

core(
  "recount",
  "count and bytes equal a recount after a mixed history",
  async (context) => {
    const topic = await context.topic({ cap_records: 40, cap_bytes: 400 });
    for (let round = 0; round < 30; round++) {
      const records = Array.from({ length: (round % 5) + 1 }, (_, index) => ({
        data: "x".repeat((round * 7 + index) % 20),
        tag: `k${index}`,
        ...(index % 2 === 0 ? { meta: { r: round } } : {}),
      }));
      await topic.appended(records);
      if (round % 6 === 5) await topic.deleted({ match: `k${round % 4}` });
      const held = await topic.readAll();
      const bytes = held.reduce(
        (sum, { data, meta }) =>
          sum + JSON.stringify(data).length + (meta === undefined ? 0 : JSON.stringify(meta).length),
        0,
      );
      const state = await topic.state();
      members(state, { count: held.length, bytes, earliest_seq: held[0]?.$seq ?? state.head_seq + 1 }, "state");
      truth(state.count <= 40 && state.bytes <= 400, "both caps hold");
    }
  },
  { section: "1.10" },
);
