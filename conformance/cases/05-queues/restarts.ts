/** What of leases, delays and dead letters outlives a process (spec 5, 6.1). */
import { suite } from "../../case.ts";
import type { Context } from "../../context.ts";
import { equal, members, truth } from "../../expect.ts";
import { Queue } from "../../queue.ts";
import type { Fields } from "../../topic.ts";

const made = suite("queue-restarts", "5");
export const cases = made.cases;
const { managed } = made;

async function queueOf(context: Context, config: Fields): Promise<{ queue: Queue; restart: () => Promise<void> }> {
  const server = await context.server();
  const topic = server.topic("q");
  await topic.configured({ type: "queue", ...config });
  const restart = async (): Promise<void> => {
    await server.restarted();
  };
  return { queue: new Queue(topic, server), restart };
}

managed("in-memory", "after a kill every job in flight is claimable, and lease ids are new", async (context) => {
  const { queue, restart } = await queueOf(context, {});
  await queue.produced(3);
  const before = await queue.jobs("w", 3);
  await queue.acked("w", [2]);
  await restart();
  const after = await queue.jobs("v", 5);
  equal(
    after.map(({ $seq }) => $seq),
    [1, 3],
    "seqs",
  );
  const ids = new Set([...before, ...after].map(({ lease_id }) => lease_id));
  equal(ids.size, before.length + after.length, "different lease ids");
});

managed("durable", "a durable lease holds after a kill, with its id and its deadline", async (context) => {
  const { queue, restart } = await queueOf(context, { leases_durable: true, lease_ms: 60_000 });
  await queue.produced(3);
  const [first, second] = await queue.jobs("w", 2);
  await restart();
  equal(await queue.seqs("v", 5), [3], "claimable");
  members(await queue.counts(), { ready: 0, in_flight: 3 }, "queue");
  members(await queue.acked("w", [1], { lease_ids: [first.lease_id] }), { acked: 1 }, "ack");
  const { deadlines } = await queue.extended("w", [2], 30_000, { lease_ids: [second.lease_id] });
  truth((deadlines?.["2"] ?? 0) > 0, "the second lease can be extended");
});

managed("delay", "a nack's delay, and a written one, hold after a kill", async (context) => {
  const { queue, restart } = await queueOf(context, {});
  await queue.topic.appended([{ data: 1 }, { data: 2, delay_ms: 3_600_000 }, { data: 3 }]);
  await queue.seqs("w", 2);
  await queue.nacked("w", [1], { delay_ms: 3_600_000 });
  await restart();
  equal(await queue.seqs("v", 5), [3], "claimable");
});

managed("checkpointed", "leases and delays hold when only a checkpoint tells of them", async (context) => {
  const server = await context.server({ TOPICS_CHECKPOINT_MS: "1000" });
  const topic = server.topic("q");
  await topic.configured({ type: "queue", leases_durable: true });
  const queue = new Queue(topic, server);
  await queue.produced(5);
  const [job] = await queue.jobs("w");
  await queue.seqs("x");
  await queue.nacked("x", [2], { delay_ms: 3_600_000 });
  await server.stop();
  await server.start();
  equal(await queue.seqs("v", 5), [3, 4, 5], "claimable");
  members(await queue.acked("w", [1], { lease_ids: [job.lease_id] }), { acked: 1 }, "ack");
});

managed("dead-letters", "dead letters are where they were, once, after a kill", async (context) => {
  const { queue, restart } = await queueOf(context, { max_deliveries: 1, dead_letter: "d", durable: true });
  await queue.produced(3);
  await queue.nacked("w", await queue.seqs("w", 3));
  await queue.seqs("w", 3);
  await restart();
  equal((await queue.topic.state()).count, 0, "jobs");
  members(await queue.counts(), { dead_lettered: 3 }, "queue");
});
