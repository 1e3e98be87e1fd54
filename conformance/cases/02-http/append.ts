/** Writes: seqs, creation, answers, defaults of a batch, null fields (spec 1.3, 2.6). */
import { suite } from "../../case.ts";
import { equal, error, finite, invalid, members, ok, status } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";
import type { Fields } from "../../topic.ts";
import type { AppendAnswer } from "../../wire.ts";

const made = suite("append", "2.6");
export const cases = made.cases;
const { core, beyond } = made;

core("creates", "a write to an absent topic creates it: 201", async (context) => {
  const topic = context.absent();
  const answer = ok<AppendAnswer>(await topic.append({ records: [{ data: 1 }] }), 201);
  const expected = { topic: topic.name, first_seq: 1, last_seq: 1, seqs: [1], head_seq: 1, count: 1 };
  members(answer, { ...expected, created: true, deduped: false }, "answer");
});

core("existing", "a write to an existing topic is 200", async (context) => {
  const topic = await context.topic();
  const answer = ok<AppendAnswer>(await topic.append({ records: [{ data: 1 }, { data: 2 }] }), 200);
  const expected = { topic: topic.name, first_seq: 1, last_seq: 2, seqs: [1, 2], head_seq: 2, count: 2 };
  members(answer, { ...expected, created: false, deduped: false }, "answer");
});

core(
  "dense",
  "seqs start at 1 and have no gaps, in array order",
  async (context) => {
    const topic = context.absent();
    let next = 1;
    for (const size of [1, 3, 2, 10, 1]) {
      const records = Array.from({ length: size }, (_, index) => ({ data: next + index }));
      const answer = await topic.appended(records);
      const seqs = records.map((record) => record.data);
      const last = next + size - 1;
      members(answer, { first_seq: next, last_seq: last, seqs, head_seq: last, count: size }, "answer");
      next += size;
    }
    const { records } = await topic.read();
    for (const record of records) equal(record.data, record.$seq, "data of a seq");
    equal(records.length, next - 1, "records");
  },
  { section: "1.3" },
);

core(
  "concurrent",
  "concurrent batches get disjoint, contiguous seqs and are read in seq order",
  async (context) => {
    const topic = await context.topic();
    const writes = Array.from({ length: 20 }, (_, writer) =>
      topic.appended([0, 1, 2].map((index) => ({ data: `${writer}.${index}` }))),
    );
    const answers = await Promise.all(writes);
    const all = answers.flatMap((answer) => answer.seqs ?? []).sort((a, b) => a - b);
    equal(
      all,
      Array.from({ length: 60 }, (_, index) => index + 1),
      "seqs of all writes",
    );
    const { records } = await topic.read();
    equal(seqsOf({ records }), all, "seqs of the read");
    answers.forEach((answer, writer) => {
      const data = records.slice(answer.first_seq - 1, answer.last_seq).map((record) => record.data);
      equal(data, [`${writer}.0`, `${writer}.1`, `${writer}.2`], `batch of writer ${writer}`);
      equal(answer.head_seq >= answer.last_seq, true, "head_seq is after the write");
    });
  },
  { section: "1.3" },
);

core("create-true", "create: true creates", async (context) => {
  const answer = ok<AppendAnswer>(await context.absent().append({ records: [{ data: 1 }], create: true }), 201);
  equal(answer.created, true, "created");
});

core("create-true-existing", "create: true on an existing topic is an ordinary write", async (context) => {
  const topic = await context.topic();
  equal(ok<AppendAnswer>(await topic.append({ records: [{ data: 1 }], create: true }), 200).created, false, "created");
});

core("create-false", "create: false on an absent topic is 404 and creates nothing", async (context) => {
  const topic = context.absent();
  const reply = await topic.append({ records: [{ data: 1 }], create: false });
  equal(error(reply, 404, "topic_not_found")["topic"], topic.name, "detail.topic");
  status(await topic.get(), 404);
});

core("create-false-existing", "create: false on an existing topic is an ordinary write", async (context) => {
  const topic = await context.topic();
  ok(await topic.append({ records: [{ data: 1 }], create: false }), 200);
});

core(
  "auto-create-off",
  "auto_create: false in the config keeps a write from creating, unless create is true",
  async (context) => {
    const topic = context.absent();
    const config = { auto_create: false };
    error(await topic.append({ records: [{ data: 1 }], config }), 404, "topic_not_found");
    status(await topic.get(), 404);
    const answer = ok<AppendAnswer>(await topic.append({ records: [{ data: 1 }], config, create: true }), 201);
    equal(answer.created, true, "created");
  },
);

core("config", "config is taken when the write creates", async (context) => {
  const topic = context.absent();
  await topic.appendedNumbers(1);
  const other = context.absent();
  await other.appended([{ data: 1 }, { data: 2 }, { data: 3 }], { config: { cap_records: 2, durable: true } });
  members(await other.state(), { count: 2, earliest_seq: 2 }, "state");
  members((await other.state()).config, { cap_records: 2, durability: "fsync", durable: true }, "config");
});

core("config-ignored", "config is ignored when the topic exists", async (context) => {
  const topic = await context.topic({ cap_records: 5 });
  await topic.appended([{ data: 1 }], { config: { cap_records: 1, ttl_ms: 1, type: "queue" } });
  members((await topic.state()).config, { cap_records: 5, ttl_ms: 0, type: "log" }, "config");
});

core("refused-creates-nothing", "a refused write creates nothing", async (context) => {
  const topic = context.absent();
  const bodies: Fields[] = [
    { records: [] },
    { records: [{ data: 1 }, {}] },
    { records: [{ data: 1, tag: 5 }] },
    { records: [{ data: 1 }], config: { ttl_ms: "x" } },
    {},
  ];
  for (const body of bodies) invalid(await topic.append(body));
  status(await topic.get(), 404);
});

core("no-body", "a write without a body is 400", async (context) => {
  const topic = await context.topic();
  invalid(await topic.append(undefined));
  await topic.untouched();
});

core("all-or-nothing", "one bad record refuses the whole batch", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(2);
  for (const bad of [{}, { tag: "x" }, { data: 1, tag: 5 }, { data: 1, node: {} }, null, 5]) {
    const good = Array.from({ length: 5 }, () => ({ data: "good" }));
    invalid(await topic.append({ records: [...good, bad, ...good] }));
  }
  equal((await topic.appendedNumbers(1)).first_seq, 3, "first_seq of the next write");
});

core("return-seqs", "return_seqs=false leaves seqs out, true keeps them", async (context) => {
  const topic = await context.topic();
  for (const value of ["false", "0"]) {
    const reply = await context.http.send("POST", `${topic.path}?return_seqs=${value}`, { records: [{ data: 1 }] });
    equal("seqs" in ok<AppendAnswer>(reply), false, `seqs with return_seqs=${value}`);
  }
  for (const value of ["true", "1"]) {
    const reply = await context.http.send("POST", `${topic.path}?return_seqs=${value}`, { records: [{ data: 1 }] });
    equal(ok<AppendAnswer>(reply).seqs?.length, 1, `seqs with return_seqs=${value}`);
  }
  members(await topic.state(), { head_seq: 4 }, "state");
});

beyond("return-seqs-malformed", "a malformed return_seqs is 400", async (context) => {
  const topic = await context.topic();
  invalid(await context.http.send("POST", `${topic.path}?return_seqs=no`, { records: [{ data: 1 }] }));
  await topic.untouched();
});

core(
  "wal-timings",
  "a write tells what WAL and sync took",
  async (context) => {
    const disk = await (await context.topic({ durability: "disk" })).appendedNumbers(1);
    finite(disk.performance.wal_append_ms, "performance.wal_append_ms");
    equal(disk.performance.fsync_ms, 0, "performance.fsync_ms of a disk topic");
    const synced = await (await context.topic({ durability: "fsync" })).appendedNumbers(1);
    finite(synced.performance.wal_append_ms, "performance.wal_append_ms");
    finite(synced.performance.fsync_ms, "performance.fsync_ms of an fsync topic");
  },
  { section: "2.1" },
);

core("node-of-batch", "the batch's node is the default, a record's own wins", async (context) => {
  const topic = await context.topic();
  const records = [{ data: 1 }, { data: 2, node: "own" }, { data: 3, node: null }, { data: 4, node: "" }];
  await topic.appended(records, { node: "batch" });
  const nodes = (await topic.read()).records.map((record) => record.$node);
  equal(nodes, ["batch", "own", "batch", ""], "$node");
});

core(
  "null-fields",
  "null counts as absent for node, tag, meta, idempotency_key, create and config",
  async (context) => {
    const topic = context.absent();
    const record = { data: 1, tag: null, node: null, meta: null };
    const nulls = { node: null, idempotency_key: null, create: null, config: null };
    const answers = [await topic.appended([record], nulls), await topic.appended([record], nulls)];
    equal(
      answers.map((answer) => answer.deduped),
      [false, false],
      "deduped",
    );
    const { records } = await topic.read({ include_tags: true });
    for (const read of records) {
      for (const key of ["$node", "$tag", "meta"]) equal(key in read, false, `${key} in a record written with null`);
    }
  },
);

core("disable-backpressure", "disable_backpressure is taken", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: 1 }], { disable_backpressure: true });
  await topic.appended([{ data: 1 }], { disable_backpressure: false });
  equal((await topic.state()).count, 2, "count");
});

core("read-your-write", "a write is readable as soon as it is acked, in every class", async (context) => {
  for (const durability of ["ephemeral", "memory", "disk", "fsync"]) {
    const topic = await context.topic({ durability });
    for (let round = 1; round <= 5; round++) {
      await topic.appended([{ data: round }]);
      equal(seqsOf(await topic.read({ from_seq: round - 1 })), [round], `seqs read after write ${round}`);
    }
  }
});

core("to-queue", "producing to a queue is a normal write", async (context) => {
  const topic = await context.topic({ type: "queue" });
  members(await topic.appendedNumbers(2), { first_seq: 1, last_seq: 2 }, "answer");
  equal(seqsOf(await topic.read()), [1, 2], "seqs of a read of the backlog");
});

core("empty-records", "a write of no records is 400", async (context) => {
  const topic = await context.topic();
  invalid(await topic.append({ records: [] }));
  invalid(await topic.append({}));
  await topic.untouched();
});
