/** Jobs through an engine in this process: claim and ack by several workers, and a claim where very much is waiting and leased. */
import type { RunningEngine } from "../src/engine/engine.ts";

/** `queue-WORKERS-BATCH`; or a claim and its way back, with a million jobs of which half are leased, or with a thousand. */
export type QueueWork = `queue-${1 | 16 | 64}-${1 | 16}` | "queue-claim-of-1000000" | "queue-claim-of-1000";

export const queueTopic = "jobs";
const longLeaseMs = 86_400_000;
const mostClaimed = 1000;
/** Of the backlog that is filled up again. */
const backlog = 20_000;

export function isQueueWork(work: string): work is QueueWork {
  return work.startsWith("queue-");
}

/** A piece of the work, which says how many jobs it was. */
export async function queuePiece(
  engine: RunningEngine,
  work: QueueWork,
  produce: (records: number) => Promise<void>,
): Promise<() => Promise<number>> {
  await engine.configureTopic(queueTopic, { type: "queue", durability: "disk" }, "put");
  const [, first, second, size] = work.split("-");
  if (first === "claim" && second === "of") return claimPiece(engine, Number(size), produce);
  const [workers, batch] = [Number(first), Number(second)];
  let left = 0;
  return async () => {
    if (left < workers * batch) {
      await produce(backlog);
      left += backlog;
    }
    left -= workers * batch;
    const done = await Promise.all(Array.from({ length: workers }, (_, i) => claimAndAck(engine, `w${i}`, batch)));
    return done.reduce((sum, count) => sum + count, 0);
  };
}

async function claimPiece(
  engine: RunningEngine,
  jobs: number,
  produce: (records: number) => Promise<void>,
): Promise<() => Promise<number>> {
  await produce(jobs);
  for (let leased = 0; leased < jobs / 2; leased += mostClaimed)
    await claim(engine, "holder", Math.min(mostClaimed, jobs / 2 - leased), longLeaseMs);
  return async () => {
    const seqs = await claim(engine, "w", 16, longLeaseMs);
    await engine.queues.nack(queueTopic, { node: "w", seqs, leaseIds: undefined, delayMs: 0 });
    return seqs.length;
  };
}

async function claimAndAck(engine: RunningEngine, node: string, max: number): Promise<number> {
  const seqs = await claim(engine, node, max, undefined);
  return (await engine.queues.ack(queueTopic, { node, seqs, leaseIds: undefined })).acked;
}

async function claim(engine: RunningEngine, node: string, max: number, leaseMs: number | undefined): Promise<number[]> {
  const { claimed } = await engine.queues.claim(queueTopic, { node, max, leaseMs, signal: undefined });
  return claimed.map(({ seq }) => seq);
}
