/** Deletes of records: by seq, by tag, both; silent, exact, at a point in time (spec 1.7, 2.8). */
import { suite } from "../../case.ts";
import { equal, invalid, members } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";
import type { Topic } from "../../topic.ts";
import type { Context } from "../../context.ts";

const made = suite("delete-records", "2.8");
export const cases = made.cases;
const { core, beyond } = made;

/** Records 1…n with these tags; `undefined` is an untagged one. */
async function tagged(context: Context, tags: readonly (string | undefined)[]): Promise<Topic> {
  const topic = await context.topic();
  await topic.appended(tags.map((tag, index) => ({ data: index + 1, ...(tag === undefined ? {} : { tag }) })));
  return topic;
}

async function left(topic: Topic): Promise<number[]> {
  const answer = await topic.read();
  equal({ tombstone: answer.tombstone, caught_up: answer.caught_up }, { tombstone: null, caught_up: true }, "read");
  return seqsOf(answer);
}

core("before-seq", "before_seq deletes what is below it, silently", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(5);
  const answer = await topic.deleted({ before_seq: 3 });
  const expected = { topic: topic.name, deleted: 2, earliest_seq: 3, head_seq: 5, count: 3, bytes: 3 };
  members(answer, expected, "answer");
  equal(await left(topic), [3, 4, 5], "seqs");
  members(await topic.state(), { earliest_seq: 3, head_seq: 5, count: 3, bytes: 3 }, "state");
});

for (const [what, before, deleted, seqs] of [
  ["zero", 0, 0, [1, 2, 3]],
  ["one", 1, 0, [1, 2, 3]],
  ["head", 3, 2, [3]],
  ["behind-head", 4, 3, []],
  ["far-behind", 1000000, 3, []],
] as const) {
  core(`before-seq-${what}`, `before_seq ${before} of three records deletes ${deleted}`, async (context) => {
    const topic = await context.topic();
    await topic.appendedNumbers(3);
    const expected = { deleted, count: seqs.length, head_seq: 3, earliest_seq: seqs[0] ?? 4 };
    members(await topic.deleted({ before_seq: before }), expected, "answer");
    equal(await left(topic), seqs, "seqs");
  });
}

core("repeat", "a second delete of the same finds nothing", async (context) => {
  const topic = await tagged(context, ["a", "b", "a"]);
  equal((await topic.deleted({ before_seq: 2 })).deleted, 1, "deleted");
  equal((await topic.deleted({ before_seq: 2 })).deleted, 0, "deleted by the second one");
  equal((await topic.deleted({ match: "a" })).deleted, 1, "deleted by match");
  equal((await topic.deleted({ match: "a" })).deleted, 0, "deleted by the second match");
});

core("all-then-append", "after everything is deleted, seqs go on", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  members(await topic.deleted({ before_seq: 4 }), { deleted: 3, count: 0, bytes: 0, earliest_seq: 4 }, "answer");
  members(await topic.state(), { count: 0, bytes: 0, head_seq: 3, earliest_seq: 4, next_seq: 4 }, "state");
  equal((await topic.appendedNumbers(2)).seqs, [4, 5], "seqs of the next write");
  equal(await left(topic), [4, 5], "seqs");
});

core(
  "future",
  "records written after a before_seq delete are safe, whatever their seq",
  async (context) => {
    const topic = await context.topic();
    await topic.appendedNumbers(2);
    await topic.deleted({ before_seq: 100 });
    await topic.appendedNumbers(3);
    equal(await left(topic), [3, 4, 5], "seqs");
  },
  { section: "1.7" },
);

const matches: readonly { what: string; match: unknown; gone: readonly number[] }[] = [
  { what: "eq", match: ["tag", "Eq", "a.1"], gone: [1, 6] },
  { what: "eq-star-is-literal", match: ["tag", "Eq", "a.*"], gone: [7] },
  { what: "eq-none", match: ["tag", "Eq", "A.1"], gone: [] },
  { what: "glob", match: ["tag", "Glob", "a.*"], gone: [1, 2, 6, 7] },
  { what: "glob-whole-tag", match: ["tag", "Glob", "a.1*"], gone: [1, 6] },
  { what: "glob-none", match: ["tag", "Glob", "z*"], gone: [] },
  { what: "bare-eq", match: "b", gone: [3] },
  { what: "bare-glob", match: "a*", gone: [1, 2, 6, 7, 8] },
  { what: "bare-glob-dot-is-literal", match: "a.*", gone: [1, 2, 6, 7] },
];

for (const { what, match, gone } of matches) {
  core(
    `match-${what}`,
    `match ${JSON.stringify(match)} deletes exactly what it says`,
    async (context) => {
      const topic = await tagged(context, ["a.1", "a.2", "b", undefined, "", "a.1", "a.*", "ab"]);
      const kept = [1, 2, 3, 4, 5, 6, 7, 8].filter((seq) => !gone.includes(seq));
      const answer = await topic.deleted({ match });
      members(answer, { deleted: gone.length, count: kept.length, bytes: kept.length, head_seq: 8 }, "answer");
      equal(answer.earliest_seq, kept[0], "earliest_seq");
      equal(await left(topic), kept, "seqs");
    },
    { section: "1.7" },
  );
}

core(
  "match-regex-characters",
  "characters that mean something in a regular expression are literal",
  async (context) => {
    const topic = await tagged(context, ["a+b", "aab", "(x", "[y]", "x|y", "^", "$", "\\d", "5"]);
    for (const [match, seq] of [
      ["a+b", 1],
      ["(x", 3],
      ["[y]", 4],
      ["x|y", 5],
      ["^", 6],
      ["$", 7],
      ["\\d", 8],
    ] as const) {
      members(await topic.deleted({ match }), { deleted: 1 }, `answer for ${match}`);
      equal((await left(topic)).includes(seq), false, `seq ${seq} is there after ${match}`);
    }
    equal(await left(topic), [2, 9], "seqs");
    members(await topic.deleted({ match: "(*" }), { deleted: 0 }, "answer");
  },
  { section: "1.7" },
);

core(
  "untagged",
  "untagged records never match",
  async (context) => {
    const topic = await tagged(context, [undefined, "t", undefined]);
    equal((await topic.deleted({ match: "t*" })).deleted, 1, "deleted");
    equal(await left(topic), [1, 3], "seqs");
  },
  { section: "1.7" },
);

beyond(
  "untagged-star",
  "a star alone matches every tagged record, the empty tag too, and no other",
  async (context) => {
    const topic = await tagged(context, [undefined, "t", "", undefined]);
    equal((await topic.deleted({ match: "*" })).deleted, 2, "deleted");
    equal(await left(topic), [1, 4], "seqs");
  },
  { section: "1.7" },
);

beyond(
  "empty-tag",
  "the empty tag is a tag, and Eq finds it",
  async (context) => {
    const topic = await tagged(context, [undefined, "t", ""]);
    equal((await topic.deleted({ match: ["tag", "Eq", ""] })).deleted, 1, "deleted");
    equal(await left(topic), [1, 2], "seqs");
  },
  { section: "1.7" },
);

core(
  "point-in-time",
  "later records with the same tag are safe",
  async (context) => {
    const topic = await tagged(context, ["a", "b", "a"]);
    await topic.deleted({ match: "a" });
    await topic.appended([{ data: 4, tag: "a" }]);
    equal(await left(topic), [2, 4], "seqs");
    await topic.deleted({ match: "a*" });
    await topic.appended([
      { data: 5, tag: "a" },
      { data: 6, tag: "ab" },
    ]);
    equal(await left(topic), [2, 5, 6], "seqs");
  },
  { section: "1.7" },
);

core(
  "intersection",
  "before_seq and match together delete what both say",
  async (context) => {
    const topic = await tagged(context, ["a", "b", "a", "b", "a"]);
    members(await topic.deleted({ before_seq: 4, match: "a" }), { deleted: 2, earliest_seq: 2, count: 3 }, "answer");
    equal(await left(topic), [2, 4, 5], "seqs");
  },
  { section: "1.7" },
);

core("null-fields", "null counts as absent for before_seq and match", async (context) => {
  const topic = await tagged(context, ["a", "b", "a"]);
  equal((await topic.deleted({ before_seq: null, match: "a" })).deleted, 2, "deleted");
  equal((await topic.deleted({ before_seq: 3, match: null })).deleted, 1, "deleted");
});

core("neither", "neither before_seq nor match is 400", async (context) => {
  const topic = await tagged(context, ["a"]);
  for (const body of [{}, { before_seq: null }, { match: null }, { before_seq: null, match: null }]) {
    invalid(await topic.deleteRecords(body));
  }
  invalid(await topic.deleteRecords(undefined));
  equal(await left(topic), [1], "seqs");
});

core(
  "earliest-only",
  "a delete in the middle leaves earliest_seq, one at the start moves it over the gap",
  async (context) => {
    const topic = await tagged(context, ["a", "b", "c", "d"]);
    equal((await topic.deleted({ match: "b" })).earliest_seq, 1, "earliest_seq after the middle");
    equal((await topic.deleted({ match: "a" })).earliest_seq, 3, "earliest_seq after the start");
    equal((await topic.deleted({ match: "d" })).earliest_seq, 3, "earliest_seq after the end");
    equal((await topic.deleted({ match: "c" })).earliest_seq, 5, "earliest_seq after all");
  },
  { section: "1.4" },
);

core(
  "cursor-over-gap",
  "a cursor in a deleted gap goes on behind it, silently",
  async (context) => {
    const topic = await context.topic();
    await topic.appendedNumbers(10);
    await topic.deleted({ before_seq: 8 });
    for (const from of [0, 1, 5, 6, 7]) {
      const answer = await topic.read({ from_seq: from });
      equal(seqsOf(answer), [8, 9, 10], `seqs after ${from}`);
      equal(answer.tombstone, null, "tombstone");
    }
  },
  { section: "1.5" },
);

core(
  "gap-at-head",
  "a gap at the end of the log moves the cursor to the head",
  async (context) => {
    const topic = await tagged(context, ["a", "a", "z", "z"]);
    await topic.deleted({ match: "z" });
    members(
      await topic.read({ from_seq: 2 }),
      { records: [], next_from_seq: 4, caught_up: true, tombstone: null },
      "read",
    );
    members(await topic.read({ from_seq: 0, limit: 2 }), { tombstone: null }, "read");
    equal(seqsOf({ records: await topic.readAll({ limit: 1 }) }), [1, 2], "seqs");
  },
  { section: "1.8" },
);

core("many", "many deletes by tag leave the exact rest", async (context) => {
  const topic = await context.topic();
  await topic.appended(Array.from({ length: 300 }, (_, index) => ({ data: index % 10, tag: `k${index % 30}` })));
  const gone = new Set<number>();
  for (const key of [3, 7, 29, 0]) {
    equal((await topic.deleted({ match: ["tag", "Eq", `k${key}`] })).deleted, 10, `deleted for k${key}`);
    for (let index = key; index < 300; index += 30) gone.add(index + 1);
  }
  const kept = Array.from({ length: 300 }, (_, index) => index + 1).filter((seq) => !gone.has(seq));
  equal(seqsOf({ records: await topic.readAll({ limit: 50 }) }), kept, "seqs");
  members(await topic.state(), { count: kept.length, bytes: kept.length, head_seq: 300 }, "state");
});

core(
  "concurrent-with-append",
  "deletes and appends at once: what is left is a recount",
  async (context) => {
    const topic = await context.topic();
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        index % 4 === 3 ? topic.deleted({ match: "x" }) : topic.appended([{ data: 1, tag: "x" }, { data: 22 }]),
      ),
    );
    const records = await topic.readAll();
    const bytes = records.reduce((sum, record) => sum + JSON.stringify(record.data).length, 0);
    members(await topic.state(), { count: records.length, bytes, head_seq: 60 }, "state");
    equal(records.filter((record) => record.data === 22).length, 30, "untagged records");
  },
  { section: "1.10" },
);

beyond(
  "strict-integers",
  "before_seq is a strict integer",
  async (context) => {
    const topic = await tagged(context, ["a"]);
    for (const text of ["1.0", "1e3", "-0", "2E0"]) invalid(await topic.deleteRecords(`{"before_seq":${text}}`));
    equal(await left(topic), [1], "seqs");
  },
  { section: "9.3" },
);
