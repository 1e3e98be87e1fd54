/** Reads: cursor, limits, filters, what an answer and a record carry (spec 1.1, 1.8, 2.7). */
import { suite } from "../../case.ts";
import { equal, finite, invalid, members, ok, truth } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";
import type { DiffAnswer } from "../../wire.ts";

const made = suite("diff", "2.7");
export const cases = made.cases;
const { core, beyond } = made;

core("empty", "a read of an empty topic is empty and caught up", async (context) => {
  const topic = await context.topic();
  const expected = { topic: topic.name, records: [], next_from_seq: 0, head_seq: 0, earliest_seq: 1 };
  members(await topic.read(), { ...expected, caught_up: true, tombstone: null, lag: 0 }, "answer");
});

core("empty-body", "a read without a body, or of {}, starts at the beginning", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  for (const body of [undefined, "", "{}"]) equal(seqsOf(ok<DiffAnswer>(await topic.diff(body))), [1, 2, 3], "seqs");
});

core("answer", "an answer tells where the reader stands", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(5);
  const answer = await topic.read({ from_seq: 1, limit: 2 });
  const expected = { topic: topic.name, next_from_seq: 3, head_seq: 5, earliest_seq: 1, lag: 2 };
  members(answer, { ...expected, caught_up: false, tombstone: null }, "answer");
  equal(seqsOf(answer), [2, 3], "seqs");
  finite(answer.performance.records_scanned, "performance.records_scanned");
});

core("exclusive", "from_seq is exclusive: the record itself is not read again", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  for (let from = 0; from <= 3; from++) {
    const answer = await topic.read({ from_seq: from });
    equal(seqsOf(answer), [1, 2, 3].slice(from), `seqs after ${from}`);
    members(answer, { next_from_seq: 3, caught_up: true, lag: 0, tombstone: null }, "answer");
  }
});

core("tail", "a reader at the head gets nothing and keeps its place", async (context) => {
  const topic = await context.topic();
  const { head_seq } = await topic.appendedNumbers(4);
  members(await topic.read({ from_seq: head_seq }), { records: [], next_from_seq: 4, caught_up: true }, "answer");
});

for (const limit of [1, 2, 3, 7, 10, 11]) {
  core(`pages-of-${limit}`, `reads of ${limit} give every record once, in order`, async (context) => {
    const topic = await context.topic();
    await topic.appendedNumbers(10);
    const seen: number[] = [];
    for (let from = 0, done = false; !done;) {
      const answer = await topic.read({ from_seq: from, limit });
      truth(answer.records.length <= limit, `at most ${limit} records: ${answer.records.length}`);
      members(answer, { lag: answer.head_seq - answer.next_from_seq }, "answer");
      equal(answer.caught_up, answer.next_from_seq === answer.head_seq, "caught_up");
      truth(answer.next_from_seq > from, "the cursor moves");
      seen.push(...seqsOf(answer));
      from = answer.next_from_seq;
      done = answer.caught_up;
    }
    equal(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "seqs");
  });
}

core("default-limit", "the default limit is 256, and 0 means the default", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(300);
  for (const request of [{}, { limit: 0 }]) {
    const answer = await topic.read(request);
    equal(answer.records.length, 256, "records");
    members(answer, { next_from_seq: 256, caught_up: false, lag: 44, head_seq: 300 }, "answer");
  }
});

core("clamped-limit", "a limit over 1000 is clamped, not refused", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(1010);
  for (const limit of [1000, 1001, 1000000]) {
    members(await topic.read({ limit }), { next_from_seq: 1000, caught_up: false, lag: 10 }, "answer");
  }
});

core("byte-budget", "max_batch_bytes ends a read early, with at least one record", async (context) => {
  const topic = await context.topic();
  await topic.appended(Array.from({ length: 10 }, () => ({ data: "x".repeat(998) })));
  const one = await topic.read({ max_batch_bytes: 1 });
  equal(seqsOf(one), [1], "seqs with a budget of one byte");
  members(one, { next_from_seq: 1, caught_up: false, lag: 9 }, "answer");
  const some = await topic.read({ max_batch_bytes: 5000 });
  truth(some.records.length >= 2 && some.records.length <= 5, `two to five records: ${some.records.length}`);
  equal((await topic.readAll({ max_batch_bytes: 2500 })).length, 10, "records over all reads");
});

core("byte-budget-default", "max_batch_bytes 0 is the default, and a large one is clamped", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(10);
  for (const max_batch_bytes of [0, 1024 * 1024 * 1024, 1e15]) {
    equal((await topic.read({ max_batch_bytes })).records.length, 10, `records with ${max_batch_bytes}`);
  }
});

beyond("byte-budget-is-1-mib", "the default budget is 1 MiB", async (context) => {
  const topic = await context.topic();
  await topic.appended(Array.from({ length: 8 }, () => ({ data: "x".repeat(299_000) })));
  const { length } = (await topic.read()).records;
  truth(length >= 3 && length <= 4, `three or four records of 300 kB: ${length}`);
});

beyond("byte-budget-clamp", "a budget over 8 MiB is clamped to 8 MiB", async (context) => {
  const topic = await context.topic();
  const data = "x".repeat(900_000);
  for (let round = 0; round < 3; round++) await topic.appended(Array.from({ length: 4 }, () => ({ data })));
  const { length } = (await topic.read({ max_batch_bytes: 64 * 1024 * 1024 })).records;
  truth(length >= 8 && length <= 10, `eight to ten records of 900 kB: ${length}`);
});

core(
  "record-members",
  "a record has what was written, in the order of the contract",
  async (context) => {
    const topic = await context.topic();
    await topic.appended([{ meta: { m: 1 }, data: { d: 1 }, tag: "t", node: "n" }]);
    const [record] = (await topic.read({ include_tags: true })).records;
    equal(Object.keys(record ?? {}), ["$seq", "$ts", "$node", "$tag", "data", "meta"], "order of the members");
    members(record, { $seq: 1, $node: "n", $tag: "t", data: { d: 1 }, meta: { m: 1 } }, "record");
  },
  { section: "2.7" },
);

core(
  "absent-members",
  "absent node, tag and meta are left out; data is always there",
  async (context) => {
    const topic = await context.topic();
    await topic.appended([{ data: null }, { data: 0, tag: "", node: "", meta: {} }]);
    const [bare, empty] = (await topic.read({ include_tags: true })).records;
    equal(Object.keys(bare ?? {}), ["$seq", "$ts", "data"], "members of a bare record");
    equal(bare?.data, null, "data");
    members(empty, { $node: "", $tag: "", data: 0, meta: {} }, "an empty string or object is a value");
  },
  { section: "1.1" },
);

core("include-tags", "tags come only when asked for", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: 1, tag: "t" }]);
  for (const request of [{}, { include_tags: false }]) {
    equal("$tag" in ((await topic.read(request)).records[0] ?? {}), false, "$tag without include_tags");
  }
  equal((await topic.read({ include_tags: true })).records[0]?.$tag, "t", "$tag");
});

core("include-meta", "meta comes unless it is refused", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: 1, meta: { a: "b" } }]);
  for (const request of [{}, { include_meta: true }]) {
    equal((await topic.read(request)).records[0]?.meta, { a: "b" }, "meta");
  }
  equal("meta" in ((await topic.read({ include_meta: false })).records[0] ?? {}), false, "meta when refused");
});

beyond("include-data", "data can be left out", async (context) => {
  const topic = await context.topic();
  await topic.appended([{ data: 1, meta: { a: "b" }, tag: "t" }, { data: null }]);
  const { records, next_from_seq } = await topic.read({ include_data: false, include_tags: true });
  equal(
    records.map((record) => "data" in record),
    [false, false],
    "data in the records",
  );
  members(records[0], { $seq: 1, $tag: "t", meta: { a: "b" } }, "record");
  equal(next_from_seq, 2, "next_from_seq");
  for (const wrong of ["true", 1, null]) invalid(await topic.diff({ include_data: wrong }));
});

core(
  "own-node",
  "a reader's own records are dropped and move the cursor",
  async (context) => {
    const topic = await context.topic();
    const nodes = ["a", "b", undefined, "a", "c", "b"];
    await topic.appended(nodes.map((node, index) => ({ data: index, ...(node === undefined ? {} : { node }) })));
    equal(seqsOf(await topic.read()), [1, 2, 3, 4, 5, 6], "seqs without a node");
    equal(seqsOf(await topic.read({ node: null })), [1, 2, 3, 4, 5, 6], "seqs for a node of null");
    const own = await topic.read({ node: "b" });
    equal(seqsOf(own), [1, 3, 4, 5], "seqs for b");
    members(own, { next_from_seq: 6, caught_up: true, lag: 0, tombstone: null }, "answer for b");
    equal(seqsOf(await topic.read({ node: ["a", "b"] })), [3, 5], "seqs for a and b");
    equal(seqsOf(await topic.read({ node: [] })), [1, 2, 3, 4, 5, 6], "seqs for no node");
    equal(seqsOf(await topic.read({ node: "nobody" })), [1, 2, 3, 4, 5, 6], "seqs for another node");
  },
  { section: "1.8" },
);

core(
  "own-node-exact",
  "the node filter is byte-exact",
  async (context) => {
    const topic = await context.topic();
    await topic.appended(["a", "A", "a ", "aa", ""].map((node) => ({ data: 1, node })));
    equal(seqsOf(await topic.read({ node: "a" })), [2, 3, 4, 5], "seqs for a");
    equal(seqsOf(await topic.read({ node: "" })), [1, 2, 3, 4], "seqs for the empty node");
  },
  { section: "1.8" },
);

core(
  "own-node-only",
  "when all is the reader's own, the batch is empty and yet caught up",
  async (context) => {
    const topic = await context.topic();
    await topic.appended(Array.from({ length: 20 }, () => ({ data: 1, node: "me" })));
    members(await topic.read({ node: "me" }), { records: [], next_from_seq: 20, caught_up: true, lag: 0 }, "answer");
    const paged = await topic.readAll({ node: "me", limit: 3 });
    equal(paged, [], "records over all reads");
  },
  { section: "1.8" },
);

core(
  "own-node-limit",
  "own records do not use up the limit for ever: every other record is reached",
  async (context) => {
    const topic = await context.topic();
    await topic.appended(
      Array.from({ length: 60 }, (_, index) => ({ data: index, node: index % 10 === 9 ? "you" : "me" })),
    );
    const records = await topic.readAll({ node: "me", limit: 2 });
    equal(seqsOf({ records }), [10, 20, 30, 40, 50, 60], "seqs over all reads");
  },
  { section: "1.8" },
);

core(
  "dedupe-node-off",
  "dedupe_node: false switches the node filter off",
  async (context) => {
    const topic = await context.topic({ dedupe_node: false });
    await topic.appended([
      { data: 1, node: "me" },
      { data: 2, node: "you" },
    ]);
    equal(seqsOf(await topic.read({ node: "me" })), [1, 2], "seqs");
    await topic.configured({ dedupe_node: true });
    equal(seqsOf(await topic.read({ node: "me" })), [2], "seqs after it is switched on");
  },
  { section: "2.4" },
);

beyond("match", "match filters by tag and moves the cursor silently", async (context) => {
  const topic = await context.topic();
  const tags = ["a.1", "b.1", undefined, "a.2", "b.2", ""];
  await topic.appended(tags.map((tag, index) => ({ data: index, ...(tag === undefined ? {} : { tag }) })));
  for (const [match, seqs] of [
    [["tag", "Eq", "a.1"], [1]],
    ["a.1", [1]],
    [
      ["tag", "Glob", "a.*"],
      [1, 4],
    ],
    ["a.*", [1, 4]],
    [["tag", "Eq", "a.*"], []],
    [["tag", "Eq", ""], [6]],
    ["nothing", []],
    [null, [1, 2, 3, 4, 5, 6]],
  ]) {
    const answer = await topic.read({ match });
    equal(seqsOf(answer), seqs, `seqs of match ${JSON.stringify(match)}`);
    members(answer, { next_from_seq: 6, caught_up: true, lag: 0, tombstone: null }, "answer");
  }
});

beyond("match-wrong", "a bad predicate is 400", async (context) => {
  const topic = await context.topic();
  for (const match of [
    5,
    true,
    {},
    [],
    ["tag", "Eq"],
    ["tag", "Like", "x"],
    ["tag", "Glob", "x"],
    ["node", "Eq", "x"],
  ]) {
    equal(String(invalid(await topic.diff({ match }))["field"]).startsWith("match"), true, "detail.field is match");
  }
});

beyond("match-with-node", "match and node apply together", async (context) => {
  const topic = await context.topic();
  await topic.appended([
    { data: 1, tag: "x", node: "me" },
    { data: 2, tag: "x", node: "you" },
    { data: 3, tag: "y", node: "you" },
  ]);
  equal(seqsOf(await topic.read({ match: "x", node: "me" })), [2], "seqs");
});

beyond(
  "get",
  "GET reads like POST",
  async (context) => {
    const topic = await context.topic();
    await topic.appended([1, 2, 3, 4, 5].map((data) => ({ data, tag: `t${data}`, node: `n${data}`, meta: { data } })));
    const get = async (query: string): Promise<DiffAnswer> =>
      ok<DiffAnswer>(await context.http.send("GET", `${topic.path}/diff${query}`));
    equal(seqsOf(await get("")), [1, 2, 3, 4, 5], "seqs without a query");
    const page = await get("?from_seq=1&limit=2&include_tags=true&include_meta=0");
    members(page, { next_from_seq: 3, lag: 2, caught_up: false }, "answer");
    members(page.records[0], { $seq: 2, $tag: "t2", data: 2 }, "record");
    equal("meta" in (page.records[0] ?? {}), false, "meta");
    equal(seqsOf(await get("?node=n1")), [2, 3, 4, 5], "seqs for a node");
    equal(seqsOf(await get("?max_batch_bytes=1&from_seq=4")), [5], "seqs with a budget");
    equal((await get("?from_seq=5&wait_ms=1")).caught_up, true, "caught_up of a long poll");
  },
  { section: "2.3" },
);

beyond(
  "get-malformed",
  "a malformed query value of a GET read is 400",
  async (context) => {
    const topic = await context.topic();
    for (const query of [
      "from_seq=x",
      "from_seq=-1",
      "from_seq=1.0",
      "limit=1e2",
      "limit=",
      "include_tags=yes",
      "wait_ms=+1",
    ]) {
      invalid(await context.http.send("GET", `${topic.path}/diff?${query}`));
    }
  },
  { section: "2.1" },
);

beyond(
  "strict-integers",
  "1.0, 1e3 and -0 are no integers in a control field",
  async (context) => {
    const topic = await context.topic();
    for (const field of ["from_seq", "limit", "wait_ms", "max_batch_bytes"]) {
      for (const text of ["1.0", "1e1", "-0", "01", "1E0", "0.0"]) invalid(await topic.diff(`{"${field}":${text}}`));
    }
  },
  { section: "9.3" },
);

beyond(
  "cursor-beyond-2-53",
  "a cursor above 2^53 is a cursor of another instance, or refused",
  async (context) => {
    const topic = await context.topic();
    await topic.appendedNumbers(2);
    const answer = ok<DiffAnswer>(await topic.diff('{"from_seq":9007199254740991}'));
    members(answer.tombstone, { gap_from: 1, gap_to: 2, reason: "recreated" }, "tombstone");
    const reply = await topic.diff('{"from_seq":18446744073709551615}');
    if (reply.status === 200) members(ok<DiffAnswer>(reply).tombstone, { reason: "recreated" }, "tombstone");
    else invalid(reply);
    invalid(await topic.diff('{"from_seq":18446744073709551616}'));
  },
  { section: "1.3" },
);
