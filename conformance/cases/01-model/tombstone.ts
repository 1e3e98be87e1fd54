/** Tombstones: involuntary removal is announced with an exact range, what was asked for is silent (spec 1.4, 1.5). */
import { suite } from "../../case.ts";
import { equal, finite, members, ok, oneOf, truth } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";
import type { DiffAnswer, WireTombstone } from "../../wire.ts";

const made = suite("tombstone", "1.5");
export const cases = made.cases;
const { core, beyond } = made;

function announced(answer: DiffAnswer): WireTombstone {
  truth(answer.tombstone !== null, "there is a tombstone");
  finite(answer.tombstone.missed_estimate, "missed_estimate");
  return answer.tombstone;
}

core("cap", "a cap eviction is announced with its exact range", async (context) => {
  const topic = await context.topic({ cap_records: 3 });
  await topic.appendedNumbers(5);
  const answer = await topic.read();
  members(announced(answer), { gap_from: 1, gap_to: 2, reason: "cap", earliest_seq: 3, head_seq: 5 }, "tombstone");
  equal(seqsOf(answer), [3, 4, 5], "seqs");
  members(answer, { next_from_seq: 5, caught_up: true, earliest_seq: 3, head_seq: 5 }, "answer");
});

for (let from = 0; from <= 5; from++) {
  core(`cap-from-${from}`, `a cursor at ${from} below or above a floor of 4`, async (context) => {
    const topic = await context.topic({ cap_records: 2 });
    await topic.appendedNumbers(5);
    const answer = await topic.read({ from_seq: from });
    if (from + 1 < 4) members(announced(answer), { gap_from: from + 1, gap_to: 3, reason: "cap" }, "tombstone");
    else equal(answer.tombstone, null, "tombstone");
    equal(seqsOf(answer), from < 4 ? [4, 5] : [5].slice(from - 4), "seqs");
  });
}

core("byte-cap", "an eviction by cap_bytes has the reason cap", async (context) => {
  const topic = await context.topic({ cap_bytes: 10 });
  await topic.appended(Array.from({ length: 4 }, () => ({ data: "abc" })));
  const answer = await topic.read();
  members(announced(answer), { gap_from: 1, gap_to: 2, reason: "cap", earliest_seq: 3, head_seq: 4 }, "tombstone");
  equal(seqsOf(answer), [3, 4], "seqs");
});

core("once", "a tombstone comes once: the reader goes on with the answer's cursor", async (context) => {
  const topic = await context.topic({ cap_records: 4 });
  await topic.appendedNumbers(10);
  const first = await topic.read({ limit: 2 });
  members(announced(first), { gap_from: 1, gap_to: 6 }, "tombstone");
  const second = await topic.read({ from_seq: first.next_from_seq, limit: 2 });
  equal(second.tombstone, null, "tombstone of the next read");
  equal([...seqsOf(first), ...seqsOf(second)], [7, 8, 9, 10], "seqs of both reads");
});

core("grows", "what is evicted behind a reader is announced at its next read", async (context) => {
  const topic = await context.topic({ cap_records: 2 });
  const seen: number[] = [];
  for (let round = 0, from = 0; round < 5; round++) {
    await topic.appendedNumbers(4);
    const answer = await topic.read({ from_seq: from });
    members(announced(answer), { gap_from: from + 1, gap_to: from + 2, reason: "cap" }, "tombstone");
    seen.push(...seqsOf(answer));
    from = answer.next_from_seq;
  }
  equal(seen, [3, 4, 7, 8, 11, 12, 15, 16, 19, 20], "seqs");
});

core("ttl", "an expiry is announced with the reason ttl", async (context) => {
  const topic = await context.topic({ ttl_ms: 1 });
  await topic.appendedNumbers(3);
  await topic.expired();
  const answer = await topic.read();
  members(announced(answer), { gap_from: 1, gap_to: 3, reason: "ttl", earliest_seq: 4, head_seq: 3 }, "tombstone");
  members(answer, { records: [], next_from_seq: 3, caught_up: true, earliest_seq: 4 }, "answer");
  members(await topic.state(), { count: 0, bytes: 0, earliest_seq: 4, head_seq: 3 }, "state");
});

core("ttl-then-append", "after an expiry, new records come behind its tombstone", async (context) => {
  const topic = await context.topic({ ttl_ms: 1 });
  await topic.appendedNumbers(2);
  await topic.expired();
  await topic.configured({});
  equal((await topic.appendedNumbers(1)).seqs, [3], "seqs of the write");
  const answer = await topic.read({ from_seq: 1 });
  members(announced(answer), { gap_from: 2, gap_to: 2, reason: "ttl", earliest_seq: 3 }, "tombstone");
  equal(seqsOf(answer), [3], "seqs");
});

core("mixed", "evicted and expired together have the reason mixed", async (context) => {
  const topic = await context.topic({ cap_records: 2 });
  await topic.appendedNumbers(4);
  await topic.configured({ cap_records: 2, ttl_ms: 1 });
  await topic.expired();
  members(announced(await topic.read()), { gap_from: 1, gap_to: 4, reason: "mixed", earliest_seq: 5 }, "tombstone");
});

core("recreated", "a cursor above the head comes from an earlier instance", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(5);
  ok(await topic.drop());
  await topic.appendedNumbers(2);
  const answer = await topic.read({ from_seq: 5 });
  const expected = { gap_from: 1, gap_to: 2, reason: "recreated", head_seq: 2 };
  members(announced(answer), expected, "tombstone");
  equal(seqsOf(answer), [1, 2], "seqs: it reads from the start");
  members(answer, { next_from_seq: 2, caught_up: true, lag: 0 }, "answer");
});

core("recreated-empty", "on an empty topic the recreated range ends at 0", async (context) => {
  const topic = await context.topic();
  const answer = await topic.read({ from_seq: 7 });
  members(announced(answer), { gap_from: 1, gap_to: 0, reason: "recreated", head_seq: 0 }, "tombstone");
  members(answer, { records: [], next_from_seq: 0, caught_up: true, lag: 0 }, "answer");
});

core("recreated-boundary", "a cursor at the head is no earlier instance, one above it is", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  equal((await topic.read({ from_seq: 3 })).tombstone, null, "tombstone at the head");
  members(announced(await topic.read({ from_seq: 4 })), { reason: "recreated", gap_to: 3 }, "tombstone above it");
});

core("deleted-gap", "a purely deleted gap is silent, and a delete moves no floor", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(5);
  await topic.deleted({ before_seq: 4 });
  for (const from of [0, 1, 2, 3]) {
    const answer = await topic.read({ from_seq: from });
    equal({ tombstone: answer.tombstone, seqs: seqsOf(answer) }, { tombstone: null, seqs: [4, 5] }, `read at ${from}`);
  }
});

core("evict-then-delete", "a gap that ends in deletes is announced up to the floor only", async (context) => {
  const topic = await context.topic({ cap_records: 5 });
  await topic.appendedNumbers(10);
  await topic.deleted({ before_seq: 8 });
  const answer = await topic.read({ from_seq: 2 });
  const tombstone = announced(answer);
  members(tombstone, { gap_from: 3, gap_to: 5, reason: "cap", head_seq: 10 }, "tombstone");
  oneOf(tombstone.earliest_seq, [6, 8], "tombstone.earliest_seq: the first live seq, or gap_to + 1");
  equal(answer.earliest_seq, 8, "earliest_seq of the answer");
  equal(seqsOf(answer), [8, 9, 10], "seqs");
  const silent = await topic.read({ from_seq: 5 });
  equal({ tombstone: silent.tombstone, seqs: seqsOf(silent) }, { tombstone: null, seqs: [8, 9, 10] }, "read at 5");
});

beyond("earliest-is-live", "the tombstone's earliest_seq is the first live seq", async (context) => {
  const topic = await context.topic({ cap_records: 5 });
  await topic.appendedNumbers(10);
  await topic.deleted({ before_seq: 8 });
  members(announced(await topic.read()), { gap_to: 5, earliest_seq: 8 }, "tombstone");
});

core(
  "delete-then-evict",
  "evicting deleted slots moves no floor; evicting a live record behind them does",
  async (context) => {
    const topic = await context.topic({ cap_records: 3 });
    await topic.appendedNumbers(3);
    await topic.deleted({ before_seq: 3 });
    await topic.appendedNumbers(2);
    const silent = await topic.read();
    equal(
      { tombstone: silent.tombstone, seqs: seqsOf(silent) },
      { tombstone: null, seqs: [3, 4, 5] },
      "before the cap",
    );
    await topic.appendedNumbers(1);
    const answer = await topic.read();
    members(announced(answer), { gap_from: 1, gap_to: 3, reason: "cap", earliest_seq: 4 }, "tombstone");
    equal(seqsOf(answer), [4, 5, 6], "seqs");
  },
);

beyond(
  "delete-in-the-middle-of-evicted",
  "a delete among evicted records leaves one gap up to the floor",
  async (context) => {
    const topic = await context.topic({ cap_records: 4 });
    await topic.appended(["a", "b", "a", "b"].map((tag) => ({ data: tag, tag })));
    await topic.deleted({ match: "b" });
    await topic.appended(Array.from({ length: 3 }, () => ({ data: "c" })));
    const answer = await topic.read();
    members(announced(answer), { gap_from: 1, gap_to: 1, reason: "cap" }, "tombstone");
    equal(seqsOf(answer), [3, 5, 6, 7], "seqs");
    members(await topic.state(), { count: 4, earliest_seq: 3 }, "state");
  },
);

core(
  "filtered-behind-tombstone",
  "a tombstone comes also when all records behind it are the reader's own",
  async (context) => {
    const topic = await context.topic({ cap_records: 2 });
    await topic.appended(Array.from({ length: 4 }, () => ({ data: 1, node: "me" })));
    const answer = await topic.read({ node: "me" });
    members(announced(answer), { gap_from: 1, gap_to: 2 }, "tombstone");
    members(answer, { records: [], next_from_seq: 4, caught_up: true }, "answer");
  },
);

beyond("missed-estimate", "where nothing was deleted, missed_estimate is the length of the gap", async (context) => {
  const topic = await context.topic({ cap_records: 3 });
  await topic.appendedNumbers(10);
  members(announced(await topic.read()), { gap_from: 1, gap_to: 7, missed_estimate: 7 }, "tombstone");
  members(announced(await topic.read({ from_seq: 4 })), { gap_from: 5, gap_to: 7, missed_estimate: 3 }, "tombstone");
});

core(
  "floors-monotone",
  "earliest_seq never falls while records come and go",
  async (context) => {
    const topic = await context.topic({ cap_records: 4 });
    let earliest = 0;
    for (let round = 0; round < 12; round++) {
      await topic.appended([{ data: 1, tag: `k${round % 3}` }]);
      if (round % 4 === 3) await topic.deleted({ match: `k${round % 3}` });
      const state = await topic.state();
      truth(state.earliest_seq >= earliest, `earliest_seq ${state.earliest_seq} after ${earliest}`);
      truth(state.earliest_seq <= state.head_seq + 1, "earliest_seq is at most head_seq + 1");
      earliest = state.earliest_seq;
    }
  },
  { section: "1.4" },
);
