/** Dead letters and their way back (spec 5). */
import { suite } from "../../case.ts";
import type { Context } from "../../context.ts";
import { asObject, equal, error, invalid, members, ok } from "../../expect.ts";
import { Queue } from "../../queue.ts";
import { seqsOf } from "../../topic.ts";

const made = suite("dead-letters", "5");
export const cases = made.cases;
const { core, beyond } = made;

/** A queue whose jobs were all delivered once, and may be no more. */
async function exhausted(context: Context, count: number, more: Record<string, unknown> = {}): Promise<Queue> {
  const dead = context.absent("dead");
  const queue = await Queue.made(context, { max_deliveries: 1, dead_letter: dead.name, ...more }, "q");
  await queue.topic.appended(
    Array.from({ length: count }, (_, i) => ({ data: { n: i + 1 }, tag: "t", node: "n", meta: { a: "b" } })),
  );
  const seqs = await queue.seqs("w", count);
  await queue.nacked("w", seqs);
  return queue;
}

core(
  "moved",
  "a job about to be delivered once too often moves to the dead letters, with its origin",
  async (context) => {
    const queue = await exhausted(context, 2);
    equal(await queue.seqs("w", 5), [], "claimed");
    const dead = context.absent("dead");
    const { records } = await dead.read({ include_tags: true });
    equal(records.length, 2, "dead letters");
    const expected = {
      $tag: "t",
      $node: "n",
      data: { n: 1 },
      meta: {
        a: "b",
        $dead_letter_from: queue.name,
        $dead_letter_deliveries: "1",
        $dead_letter_src_seq: "1",
      },
    };
    members(records[0], expected, "first dead letter");
    members(await queue.counts(), { ready: 0, in_flight: 0, dead_lettered: 2 }, "queue");
    equal((await queue.topic.state()).count, 0, "count");
  },
);

core(
  "two-queues",
  "two queues may have one place for their dead letters, and none of either is lost",
  async (context) => {
    const dead = context.absent("dead");
    const config = { max_deliveries: 1, dead_letter: dead.name };
    const queues = [await Queue.made(context, config, "q1"), await Queue.made(context, config, "q2")];
    const count = 25;
    for (const queue of queues) {
      await queue.produced(count);
      await queue.nacked("w", await queue.seqs("w", count));
    }
    const claimed = await Promise.all(queues.map((queue) => queue.seqs("w", count)));
    equal(claimed, [[], []], "claimed");
    const origins = (await dead.readAll()).map(({ meta }) => {
      const { $dead_letter_from: from, $dead_letter_src_seq: seq } = asObject(meta, "meta");
      return `${String(from)} ${String(seq)}`;
    });
    const wanted = queues.flatMap(({ name }) => Array.from({ length: count }, (_, at) => `${name} ${at + 1}`));
    equal(origins.sort(), wanted.sort(), "dead letters");
  },
);

core("others-go-on", "the others are delivered meanwhile", async (context) => {
  const queue = await exhausted(context, 1);
  await queue.produced(2);
  equal(await queue.seqs("w", 5), [2, 3], "claimed");
});

core("without", "without dead_letter a job is delivered again, for ever", async (context) => {
  const queue = await Queue.made(context, { max_deliveries: 1 });
  await queue.produced(1);
  for (let deliveries = 1; deliveries <= 4; deliveries++) {
    equal((await queue.jobs("w"))[0].deliveries, deliveries, "deliveries");
    await queue.nacked("w", [1]);
  }
});

core("full", "while the dead letters take nothing, the job is delivered", async (context) => {
  const dead = await context.topic({ cap_records: 1, discard: "reject" }, "dead");
  const queue = await exhausted(context, 2);
  const jobs = await queue.jobs("w", 5);
  equal(jobs.length + (await dead.state()).count, 2, "each job is in one place");
  equal(
    jobs.map(({ deliveries }) => deliveries),
    jobs.map(() => 2),
    "deliveries",
  );
});

beyond("redrive", "dead letters go back as they were, oldest first, and are counted anew", async (context) => {
  const queue = await exhausted(context, 3);
  await queue.seqs("w", 5);
  const dead = context.absent("dead");
  const path = `${dead.path}/redrive`;
  members(ok(await context.http.send("POST", path, { limit: 2 })), { topic: dead.name, redriven: 2, left: 0 }, "first");
  members(ok(await context.http.send("POST", path)), { redriven: 1, left: 0 }, "second");
  const { records } = await queue.topic.read({ include_tags: true });
  equal(
    records.map(({ data }) => data),
    [{ n: 1 }, { n: 2 }, { n: 3 }],
    "data",
  );
  members(records[0], { $tag: "t", $node: "n", meta: { a: "b" } }, "a job that is back");
  equal((await queue.jobs("w"))[0].deliveries, 1, "deliveries");
  equal((await dead.state()).count, 0, "dead letters");
});

beyond("redrive-to", "dead letters go where they are sent", async (context) => {
  const queue = await exhausted(context, 1);
  await queue.seqs("w", 5);
  const other = await Queue.made(context, {}, "other");
  const dead = context.absent("dead");
  members(
    ok(await context.http.send("POST", `${dead.path}/redrive`, { to: other.name })),
    { redriven: 1, left: 0 },
    "answer",
  );
  equal(seqsOf(await other.topic.read()), [1], "seqs");
});

beyond("redrive-left", "what comes from nowhere, and what is leased, stays", async (context) => {
  const queue = await exhausted(context, 2);
  await queue.seqs("w", 5);
  const dead = new Queue(context.absent("dead"), context.http);
  await dead.produced(1);
  await dead.seqs("w");
  members(ok(await dead.send("redrive", {})), { redriven: 1, left: 2 }, "answer");
});

beyond("redrive-refusals", "redrive refuses what it can't move to", async (context) => {
  const queue = await Queue.made(context);
  const log = await context.topic();
  error(await queue.send("redrive", { to: context.absent().name }), 404, "topic_not_found");
  error(await queue.send("redrive", { to: log.name }), 409, "not_a_queue");
  for (const body of [{ to: queue.name }, { to: "-x" }, { to: 5 }, { limit: -1 }, { limit: "1" }])
    invalid(await queue.send("redrive", body));
  error(await new Queue(context.absent(), context.http).send("redrive", {}), 404, "topic_not_found");
});
