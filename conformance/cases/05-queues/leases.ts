/** Claim, ack, nack and extend (spec 5): who holds what, in which order, for how long, and what the counts say. */
import { suite } from "../../case.ts";
import { equal, finite, members, ok, truth } from "../../expect.ts";
import { Queue } from "../../queue.ts";
import { seqsOf } from "../../topic.ts";

const made = suite("leases", "5");
export const cases = made.cases;
const { core, beyond } = made;

core("claim", "a claim leases the oldest jobs, and answers them with their fields", async (context) => {
  const queue = await Queue.made(context);
  await queue.topic.appended([{ data: { a: 1 }, tag: "t", meta: { m: 1 } }, { data: 2 }, { data: 3 }]);
  const answer = await queue.claimed("w", 2);
  members(answer, { topic: queue.name, count: 2, ready: 1 }, "answer");
  equal(
    answer.claimed.map(({ $seq }) => $seq),
    [1, 2],
    "seqs",
  );
  const [first, second] = answer.claimed;
  members(first, { $tag: "t", data: { a: 1 }, meta: { m: 1 }, deliveries: 1 }, "first job");
  truth(/^lease_[0-9a-f]+$/.test(first.lease_id), `a lease id is lease_ and hex, not ${first.lease_id}`);
  finite(first.deadline, "deadline");
  equal(
    ["$tag", "meta"].filter((key) => key in second),
    [],
    "absent fields of the second job",
  );
  truth(first.lease_id !== second.lease_id, "each job has a lease of its own");
});

core("claim-default", "max is 1 where it is absent or 0, and too large a one is clamped", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(4);
  equal((await queue.claimed("w")).count, 1, "count without max");
  equal((await queue.claimed("w", 0)).count, 1, "count with max 0");
  equal((await queue.claimed("w", 1_000_000)).count, 2, "count with a large max");
  equal((await queue.claimed("w", 5)).count, 0, "count of an empty queue");
});

core("exclusive", "a leased job is nobody else's, and not its holder's again", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(2);
  equal(await queue.seqs("a"), [1], "a");
  equal(await queue.seqs("a"), [2], "a again");
  equal(await queue.seqs("b", 10), [], "b");
});

core("concurrent", "claims at once share out the jobs, each to one of them", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(40);
  const shares = await Promise.all(Array.from({ length: 10 }, (_, i) => queue.seqs(`w${i}`, 4)));
  equal(
    shares.flat().sort((a, b) => a - b),
    Array.from({ length: 40 }, (_, i) => i + 1),
    "all jobs, once",
  );
});

core("reads-touch-nothing", "diff sees leased jobs, and touches no lease", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(3);
  await queue.seqs("w", 2);
  equal(seqsOf(await queue.topic.read()), [1, 2, 3], "seqs of a read");
  members(await queue.counts(), { ready: 1, in_flight: 2, dead_lettered: 0 }, "queue");
});

core("ack", "an ack deletes the job for good", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(3);
  await queue.seqs("w", 2);
  members(await queue.acked("w", [1]), { topic: queue.name, acked: 1, skipped: [], ready: 1, in_flight: 1 }, "answer");
  equal(seqsOf(await queue.topic.read()), [2, 3], "seqs left");
  members(await queue.topic.state(), { count: 2, head_seq: 3, earliest_seq: 2 }, "state");
});

core("ack-skips", "what is not held, or named twice, is skipped and listed", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(4);
  await queue.seqs("a", 2);
  await queue.seqs("b");
  const answer = await queue.acked("a", [2, 1, 2, 3, 4, 99]);
  members(answer, { acked: 2, skipped: [2, 3, 4, 99], ready: 1, in_flight: 1 }, "answer");
  members(await queue.acked("a", [1, 2]), { acked: 0, skipped: [1, 2] }, "a repeated ack");
});

core("ack-nothing", "no seqs is no error", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(1);
  members(await queue.acked("w", []), { acked: 0, skipped: [], ready: 1, in_flight: 0 }, "answer");
});

core("nack", "a nack makes the job claimable at once, and the next claim counts on", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(2);
  await queue.seqs("a", 2);
  members(await queue.nacked("a", [2, 7]), { nacked: 1, skipped: [7], ready: 1, in_flight: 1 }, "answer");
  const [again] = await queue.jobs("b");
  members(again, { $seq: 2, deliveries: 2 }, "job");
});

core("nack-delay", "a nack with a delay keeps the job back", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(1);
  await queue.seqs("a");
  members(await queue.nacked("a", [1], { delay_ms: 100_000_000 }), { nacked: 1, ready: 0, in_flight: 0 }, "answer");
  equal(await queue.seqs("b"), [], "claimable");
  equal((await queue.topic.state()).count, 1, "count");
});

core("nack-delay-ends", "after its delay the job is claimable", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(1);
  await queue.seqs("a");
  await queue.nacked("a", [1], { delay_ms: 50 });
  const [again] = await queue.claimedAtLast("b");
  members(again, { $seq: 1, deliveries: 2 }, "job");
});

core("reclaimed-first", "what came back is given out before what is fresh", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(5);
  await queue.seqs("a", 3);
  await queue.nacked("a", [2, 3]);
  equal(await queue.seqs("b", 3), [2, 3, 4], "seqs");
});

core("expiry", "an expired lease is claimable again, and no longer its holder's", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(1);
  const [first] = await queue.jobs("a", 1, { lease_ms: 1 });
  const [second] = await queue.claimedAtLast("b");
  members(second, { $seq: 1, deliveries: 2 }, "job");
  truth(second.lease_id !== first.lease_id, "another lease has another id");
  members(await queue.acked("a", [1]), { acked: 0, skipped: [1] }, "ack of the first holder");
  members(await queue.acked("b", [1]), { acked: 1, skipped: [] }, "ack of the second");
});

core("lease-ms", "a lease is as long as the claim says, the topic says otherwise, clamped", async (context) => {
  const queue = await Queue.made(context, { lease_ms: 60_000 });
  await queue.produced(4);
  const length = async (more: Record<string, unknown>): Promise<number> => {
    const before = Date.now();
    const [{ deadline, $ts }] = await queue.jobs("w", 1, more);
    truth(deadline > $ts && before > 0, "a deadline lies ahead");
    return deadline - $ts;
  };
  const [topics, asked, least, most] = [
    await length({}),
    await length({ lease_ms: 3_600_000 }),
    await length({ lease_ms: 1 }),
    await length({ lease_ms: 10_000_000_000 }),
  ];
  truth(topics >= 60_000 && topics < 90_000, `the topic's lease_ms holds: ${topics}`);
  truth(asked >= 3_600_000 && asked < 3_630_000, `the claim's lease_ms holds: ${asked}`);
  truth(least >= 100 && least < 30_000, `at least 100 ms: ${least}`);
  truth(most >= 86_400_000 && most < 86_430_000, `at most a day: ${most}`);
});

core("extend", "an extension moves the deadline and is no delivery", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(2);
  const [{ deadline }] = await queue.jobs("w");
  const answer = await queue.extended("w", [1, 2], 3_600_000);
  members(answer, { topic: queue.name, extended: 1, skipped: [2] }, "answer");
  const moved = answer.deadlines?.["1"] ?? 0;
  truth(moved > deadline, `the deadline moved from ${deadline} to ${moved}`);
  equal(Object.keys(answer.deadlines ?? {}), ["1"], "deadlines");
  await queue.nacked("w", [1]);
  equal((await queue.jobs("v"))[0].deliveries, 2, "deliveries");
});

core("fencing", "a stale token is skipped, a current one is not, an empty one is none", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(3);
  const [old] = await queue.jobs("w");
  await queue.nacked("w", [1]);
  const [current, ...others] = await queue.jobs("w", 3);
  const stale = { lease_ids: [old.lease_id] };
  members(await queue.acked("w", [1], stale), { acked: 0, skipped: [1] }, "ack");
  members(await queue.nacked("w", [1], stale), { nacked: 0, skipped: [1] }, "nack");
  members(await queue.extended("w", [1], 1000, stale), { extended: 0, skipped: [1] }, "extend");
  const tokens = [current.lease_id, "", others[1].lease_id];
  members(await queue.acked("w", [1, 2, 3], { lease_ids: tokens }), { acked: 3, skipped: [] }, "ack with tokens");
});

core("no-tokens", "an empty list of tokens counts as absent", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(1);
  await queue.seqs("w");
  members(await queue.acked("w", [1], { lease_ids: [] }), { acked: 1 }, "ack");
});

core("delete-leased", "a record that is deleted takes its lease along", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(3);
  await queue.seqs("w", 2);
  ok(await queue.topic.deleteRecords({ before_seq: 2 }));
  members(await queue.counts(), { ready: 1, in_flight: 1 }, "queue");
  members(await queue.acked("w", [1, 2]), { acked: 1, skipped: [1] }, "ack");
});

core("evict-leased", "a job that retention evicts takes its lease along", async (context) => {
  const queue = await Queue.made(context, { cap_records: 2 });
  await queue.produced(2);
  await queue.seqs("w");
  await queue.produced(1);
  members(await queue.counts(), { ready: 2, in_flight: 0 }, "queue");
});

core("recreated", "a topic that is made anew has no leases of its former self", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(1);
  await queue.seqs("w");
  await queue.topic.drop();
  await queue.topic.configured({ type: "queue" });
  await queue.produced(1);
  members(await queue.acked("w", [1]), { acked: 0, skipped: [1] }, "ack");
  equal(await queue.seqs("v"), [1], "claimable");
});

core("performance", "every answer carries performance, acks of an fsync queue with fsync_ms", async (context) => {
  const queue = await Queue.made(context, { durable: true });
  await queue.produced(1);
  for (const [verb, body] of [
    ["claim", {}],
    ["extend", { seqs: [1], lease_ms: 1000 }],
    ["nack", { seqs: [1] }],
    ["claim", {}],
    ["ack", { seqs: [1] }],
  ] as const) {
    const { performance } = ok<{ performance: Record<string, unknown> }>(
      await queue.send(verb, { node: "w", ...body }),
    );
    finite(performance["server_total_ms"], `server_total_ms of ${verb}`);
    if (verb === "ack") finite(performance["fsync_ms"], "fsync_ms");
  }
});

core("cohort", "claims within the window divide the jobs evenly", async (context) => {
  const queue = await Queue.made(context, { claim_jitter_ms: 300 });
  await queue.produced(50);
  const shares = await Promise.all(Array.from({ length: 10 }, (_, i) => queue.seqs(`w${i}`, 10)));
  equal(
    shares.map((share) => share.length),
    shares.map(() => 5),
    "five each",
  );
  for (const share of shares)
    equal(
      share,
      [...share].sort((a, b) => a - b),
      "ascending",
    );
});

beyond("delay-ms", "a job that is written with a delay is not claimable before", async (context) => {
  const queue = await Queue.made(context);
  await queue.topic.appended([{ data: 1, delay_ms: 600 }, { data: 2 }, { data: 3, deliver_at: 32_503_680_000_000 }]);
  equal(await queue.seqs("w", 3), [2], "claimable at once");
  members(await queue.counts(), { ready: 0, in_flight: 1 }, "queue");
  equal(
    (await queue.claimedAtLast("w", 3)).map(({ $seq }) => $seq),
    [1],
    "claimable later",
  );
  equal(seqsOf(await queue.topic.read()), [1, 2, 3], "seqs of a read");
});
