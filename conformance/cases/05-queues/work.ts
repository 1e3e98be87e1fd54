/** The work stream (spec 5): jobs pushed, slots freed by acks, leases released when the connection drops. */
import { suite } from "../../case.ts";
import { equal, members, ok } from "../../expect.ts";
import { type Job, Queue, type WorkStream } from "../../queue.ts";

const made = suite("work", "5");
export const cases = made.cases;
const { core, beyond } = made;

core("pushed", "jobs are pushed as they come, leased to the node", async (context) => {
  const queue = await Queue.made(context);
  const stream = await queue.work(context, "node=w&max=2");
  await queue.topic.appended([{ data: { a: "b" }, tag: "t", meta: { m: 1 } }]);
  const job = await stream.job();
  members(job, { topic: queue.name, $seq: 1, $tag: "t", data: { a: "b" }, meta: { m: 1 }, deliveries: 1 }, "job");
  members(await queue.counts(), { ready: 0, in_flight: 1 }, "queue");
  members(await queue.acked("w", [1], { lease_ids: [job.lease_id] }), { acked: 1 }, "ack");
});

core("retry", "the stream begins with retry: 2000", async (context) => {
  const queue = await Queue.made(context);
  const stream = await queue.work(context, "node=w");
  await stream.events.seen("retry: 2000\n");
});

core("slots", "no more than max are leased, and an ack frees a slot", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(4);
  const stream = await queue.work(context, "node=w&max=2");
  equal([(await stream.job()).$seq, (await stream.job()).$seq], [1, 2], "first jobs");
  members(await queue.counts(), { ready: 2, in_flight: 2 }, "queue");
  await queue.acked("w", [2]);
  equal((await stream.job()).$seq, 3, "the next job");
});

core("dropped", "what a connection held is claimable again when it has gone", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(2);
  const stream = await queue.work(context, "node=w&max=2");
  await stream.job();
  await stream.job();
  stream.close();
  const jobs = [...(await queue.claimedAtLast("v", 2))];
  if (jobs.length < 2) jobs.push(...(await queue.claimedAtLast("v", 1)));
  equal(
    jobs.map(({ $seq, deliveries }) => [$seq, deliveries]),
    [
      [1, 2],
      [2, 2],
    ],
    "jobs",
  );
});

core("own-leases-only", "a stream that drops keeps its hands off its node's other leases", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(3);
  await queue.seqs("w");
  const [one, other] = [await queue.work(context, "node=w"), await queue.work(context, "node=w")];
  await Promise.all([one.job(), other.job()]);
  one.close();
  equal((await queue.claimedAtLast("v", 3)).length, 1, "jobs that are claimable again");
  members(await queue.counts(), { ready: 0, in_flight: 3 }, "queue");
});

core("both", "streams and claims share the jobs, each to one of them", async (context) => {
  const queue = await Queue.made(context);
  const [one, other] = [await queue.work(context, "node=a&max=5"), await queue.work(context, "node=b&max=5")];
  await queue.produced(10);
  const five = async (stream: WorkStream): Promise<Job[]> => {
    const jobs: Job[] = [];
    while (jobs.length < 5) jobs.push(await stream.job());
    return jobs;
  };
  const jobs = (await Promise.all([five(one), five(other)])).flat();
  equal(
    jobs.map(({ $seq }) => $seq).sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    "all jobs, once",
  );
});

core("expired", "a job whose lease ran out is delivered again", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(1);
  const stream = await queue.work(context, "node=w&lease_ms=100");
  equal((await stream.job()).deliveries, 1, "first delivery");
  equal((await stream.job()).deliveries, 2, "second delivery");
});

core("topic-gone", "the stream ends with an error when the topic goes", async (context) => {
  const queue = await Queue.made(context);
  const stream = await queue.work(context, "node=w");
  ok(await queue.topic.drop());
  const { event, data } = await stream.next();
  equal(event, "error", "event");
  members(data, { code: 409, topic: queue.name }, "data");
});

beyond("heartbeat", "a quiet work stream beats every fifteen seconds", async (context) => {
  const queue = await Queue.made(context);
  const stream = await queue.work(context, "node=w");
  await stream.events.seen(": hb");
});

beyond("nacked", "a job that is given back is pushed again at once", async (context) => {
  const queue = await Queue.made(context);
  await queue.produced(1);
  const stream = await queue.work(context, "node=w");
  await stream.job();
  await queue.nacked("w", [1]);
  equal((await stream.job()).deliveries, 2, "deliveries");
});
