/** Long polls: answer when the cursor can move, end empty, miss no wake-up (spec 2.7). */
import { suite } from "../../case.ts";
import type { Context } from "../../context.ts";
import { equal, error, members, ok, truth } from "../../expect.ts";
import { seqsOf } from "../../topic.ts";
import type { Fields, Topic } from "../../topic.ts";
import type { Reply } from "../../transport/reply.ts";
import type { DiffAnswer } from "../../wire.ts";
import { jsonRequest } from "../../transport/raw.ts";

const made = suite("long-poll", "2.7");
export const cases = made.cases;
const { core, beyond } = made;

/** Longer than any request of a case may take: a poll that is not woken fails. */
const longMs = 25_000;

/**
 * A poll that is on its way to the server when this returns. Each round trip made meanwhile lets it come further: with
 * none it races with what follows, after a few it waits inside the server.
 */
async function poll(
  context: Context,
  topic: Topic,
  request: Fields,
  roundTrips = 3,
): Promise<{ answer: Promise<Reply> }> {
  const connection = await context.connect();
  const body = JSON.stringify({ wait_ms: longMs, ...request });
  await connection.write(jsonRequest(context.target, "POST", `${topic.path}/diff`, body));
  const answer = connection.response("POST");
  // A case that fails before it looks at the answer has its own failure to report.
  answer.catch(() => undefined);
  for (let trip = 0; trip < roundTrips; trip++) await topic.state();
  return { answer };
}

core("at-once", "with something to read, a long poll answers at once", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(2);
  equal(seqsOf(await topic.read({ wait_ms: longMs })), [1, 2], "seqs");
  equal(seqsOf(await topic.read({ wait_ms: longMs, from_seq: 1 })), [2], "seqs");
});

core("clamped", "a wait_ms over the maximum is clamped, not refused", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(1);
  equal(seqsOf(await topic.read({ wait_ms: 30001 })), [1], "seqs");
  equal(seqsOf(await topic.read({ wait_ms: 1e15 })), [1], "seqs");
});

core("ends-empty", "a long poll that sees nothing ends empty, at its place", async (context) => {
  const topic = await context.topic();
  await topic.appendedNumbers(3);
  const expected = { records: [], next_from_seq: 3, caught_up: true, lag: 0, tombstone: null };
  members(await topic.read({ from_seq: 3, wait_ms: 20 }), expected, "answer");
});

beyond("waits", "a long poll that sees nothing waits as long as it was told", async (context) => {
  const topic = await context.topic();
  const started = performance.now();
  await topic.read({ wait_ms: 150 });
  const elapsed = performance.now() - started;
  truth(elapsed >= 140, `a poll of 150 ms came back after ${elapsed} ms`);
});

core("woken", "an append wakes a long poll", async (context) => {
  const topic = await context.topic();
  for (let round = 1; round <= 20; round++) {
    const { answer } = await poll(context, topic, { from_seq: round - 1 }, round % 5);
    await topic.appended([{ data: round }]);
    const woken = ok<DiffAnswer>(await answer);
    equal(
      woken.records.map((record) => record.data),
      [round],
      `data of round ${round}`,
    );
    members(woken, { next_from_seq: round, caught_up: true }, "answer");
  }
});

core("woken-in-every-class", "an append wakes a long poll in every class", async (context) => {
  for (const durability of ["ephemeral", "memory", "disk", "fsync"]) {
    const topic = await context.topic({ durability });
    const { answer } = await poll(context, topic, {});
    await topic.appended([{ data: durability }]);
    equal(seqsOf(ok<DiffAnswer>(await answer)), [1], `seqs in ${durability}`);
  }
});

core("all-woken", "one append wakes all long polls of a topic, and none of another", async (context) => {
  const topic = await context.topic();
  const other = await context.topic();
  const polls = await Promise.all(Array.from({ length: 10 }, () => poll(context, topic, {})));
  const [elsewhere] = await Promise.all([other.read({ wait_ms: 100 }), topic.appended([{ data: "x" }, { data: "y" }])]);
  for (const { answer } of polls) equal(ok<DiffAnswer>(await answer).records.length, 2, "records");
  equal(elsewhere.records, [], "records of the other topic");
});

core("own-records", "a long poll answers without records when all new ones are the reader's own", async (context) => {
  const topic = await context.topic();
  const { answer } = await poll(context, topic, { node: "me" });
  await topic.appended([
    { data: 1, node: "me" },
    { data: 2, node: "me" },
  ]);
  members(ok<DiffAnswer>(await answer), { records: [], next_from_seq: 2, caught_up: true }, "answer");
});

core("tombstone", "a long poll with a loss to announce answers at once", async (context) => {
  const topic = await context.topic({ cap_records: 1 });
  await topic.appendedNumbers(3);
  members((await topic.read({ wait_ms: longMs })).tombstone, { gap_from: 1, gap_to: 2 }, "tombstone");
  const fresh = await context.topic();
  members((await fresh.read({ from_seq: 9, wait_ms: longMs })).tombstone, { reason: "recreated" }, "tombstone");
});

core("many-writers", "a reader that polls sees every record of concurrent writers once, in order", async (context) => {
  const topic = await context.topic();
  const write = async (): Promise<void> => {
    for (let round = 0; round < 20; round++) await topic.appended([{ data: round }]);
  };
  const seen: number[] = [];
  const follow = async (): Promise<void> => {
    for (let from = 0; from < 100;) {
      const answer = await topic.read({ from_seq: from, wait_ms: 5000 });
      truth(answer.next_from_seq > from, "a poll answers when the cursor can move");
      seen.push(...seqsOf(answer));
      from = answer.next_from_seq;
    }
  };
  await Promise.all([follow(), ...Array.from({ length: 5 }, write)]);
  equal(
    seen,
    Array.from({ length: 100 }, (_, index) => index + 1),
    "seqs",
  );
});

beyond("match", "a long poll whose new records do not match answers without records", async (context) => {
  const topic = await context.topic();
  const { answer } = await poll(context, topic, { match: "wanted" });
  await topic.appended([{ data: 1, tag: "other" }]);
  members(ok<DiffAnswer>(await answer), { records: [], next_from_seq: 1, caught_up: true }, "answer");
});

beyond("topic-goes", "a long poll answers 404 when its topic goes", async (context) => {
  const topic = await context.topic();
  const { answer } = await poll(context, topic, {});
  ok(await topic.drop());
  error(await answer, 404, "topic_not_found");
});

beyond(
  "topic-recreated",
  "a long poll of a former instance does not read the new one's records as its own",
  async (context) => {
    const topic = await context.topic();
    await topic.appendedNumbers(3);
    const { answer } = await poll(context, topic, { from_seq: 3 });
    ok(await topic.drop());
    await topic.appendedNumbers(1);
    const reply = await answer;
    if (reply.status === 200) members(ok<DiffAnswer>(reply).tombstone, { reason: "recreated" }, "tombstone");
    else error(reply, 404, "topic_not_found");
  },
);

beyond("hang-up", "readers that hang up in a long poll cost nothing further", async (context) => {
  const topic = await context.topic();
  for (let round = 0; round < 30; round++) {
    const connection = await context.connect();
    const body = JSON.stringify({ wait_ms: longMs });
    await connection.write(jsonRequest(context.target, "POST", `${topic.path}/diff`, body));
    connection.destroy();
  }
  const { answer } = await poll(context, topic, {});
  await topic.appendedNumbers(1);
  equal(seqsOf(ok<DiffAnswer>(await answer)), [1], "seqs of a reader that stayed");
});

core("several-topics-one-connection", "a poll that has ended leaves its connection usable", async (context) => {
  const topic = await context.topic();
  const connection = await context.connect();
  for (let round = 0; round < 3; round++) {
    const body = JSON.stringify({ from_seq: round, wait_ms: 10 });
    await connection.write(jsonRequest(context.target, "POST", `${topic.path}/diff`, body));
    members(ok<DiffAnswer>(await connection.response("POST")), { records: [], caught_up: true }, "answer");
    await topic.appendedNumbers(1);
  }
});
