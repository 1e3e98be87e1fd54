/** Kills and stops in the middle of writes: what was answered is there, and batches are whole (spec 6.1, 7.5, 9.4). */
import { suite } from "../../case.ts";
import { equal, ok, truth } from "../../expect.ts";
import { everything } from "../../managed/readings.ts";
import type { ManagedServer } from "../../managed/managed-server.ts";
import type { AppendAnswer } from "../../wire.ts";

const made = suite("under-load", "6.1");
export const cases = made.cases;
const { managed } = made;

const batchRecords = 5;

interface Ledger {
  readonly topic: string;
  /** By batch: its first seq, as it was answered. */
  readonly acked: Map<string, number>;
}

/** Writes batch after batch until the server goes; `acks` counts those of everybody. */
async function write(
  server: ManagedServer,
  ledger: Ledger,
  acks: { count: number; enough: () => void },
): Promise<void> {
  const topic = server.topic(ledger.topic);
  for (let number = 0; ; number++) {
    const batch = `${ledger.topic}/${number}`;
    const records = Array.from({ length: batchRecords }, (_, at) => ({ data: { batch, at } }));
    try {
      const reply = await topic.append({ records, idempotency_key: batch });
      if (reply.status >= 500) return;
      ledger.acked.set(batch, ok<AppendAnswer>(reply, 200, 201).first_seq);
    } catch {
      // The server is going; nothing was answered.
      return;
    }
    if (++acks.count === 60) acks.enough();
  }
}

async function loaded(server: ManagedServer, end: () => Promise<unknown>): Promise<Ledger[]> {
  const ledgers = Array.from({ length: 6 }, (_, at) => ({ topic: `load-${at}`, acked: new Map<string, number>() }));
  for (const [at, { topic }] of ledgers.entries())
    await server.topic(topic).configured({ durability: at % 2 === 0 ? "disk" : "fsync" });
  let enough = (): void => undefined;
  const reached = new Promise<void>((resolve) => (enough = resolve));
  const acks = { count: 0, enough };
  const writing = Promise.all(ledgers.map((ledger) => write(server, ledger, acks)));
  await Promise.race([reached, writing]);
  await end();
  await writing;
  return ledgers;
}

async function judge(server: ManagedServer, ledgers: readonly Ledger[]): Promise<void> {
  for (const { topic, acked } of ledgers) {
    const { records, gaps } = await everything(server.topic(topic));
    equal(gaps, [], `gaps of ${topic}`);
    const seqs = new Map<string, number[]>();
    for (const { $seq, data } of records) {
      const { batch, at } = data as { batch: string; at: number };
      const own = seqs.get(batch) ?? [];
      equal(own.length, at, `order within ${batch}`);
      seqs.set(batch, [...own, $seq]);
    }
    for (const [batch, own] of seqs) equal(own.length, batchRecords, `records of ${batch}: all or none`);
    for (const [batch, first] of acked) {
      const own = seqs.get(batch);
      truth(own !== undefined, `${batch} was answered, and is not there`);
      equal(own[0], first, `first seq of ${batch}`);
    }
    equal(records.length, seqs.size * batchRecords, `nothing is there twice in ${topic}`);
  }
}

managed("kill", "SIGKILL under load loses nothing that was answered, and tears no batch", async (context) => {
  const server = await context.server();
  for (let round = 0; round < 2; round++) {
    for (const { topic } of Array.from({ length: 6 }, (_, at) => server.topic(`load-${at}`)).map((one) => ({
      topic: one,
    })))
      ok(await topic.drop());
    const ledgers = await loaded(server, () => server.kill());
    await server.start();
    await judge(server, ledgers);
  }
});

managed(
  "stop",
  "SIGTERM under load loses nothing that was answered, and exits 0",
  async (context) => {
    const server = await context.server();
    const ledgers = await loaded(server, async () => {
      equal(await server.stop(), { code: 0, signal: null }, "how it ends");
    });
    await server.start();
    await judge(server, ledgers);
  },
  { section: "7.5" },
);

managed(
  "stop-twice",
  "a second SIGTERM ends it at once, and what was answered is there all the same",
  async (context) => {
    const server = await context.server();
    const ledgers = await loaded(server, async () => {
      server.signal("SIGTERM");
      server.signal("SIGTERM");
      await server.ended();
    });
    await server.start();
    await judge(server, ledgers);
  },
  { section: "7.5" },
);
