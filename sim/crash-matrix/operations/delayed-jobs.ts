/** Jobs that are written with a time before which nobody gets them, in batches with others, sealed and not. */
import type { Operation } from "../operation.ts";
import { smallFiles } from "../machine.ts";
import { awaitEvents, started, tinyStorage } from "../setup.ts";
import { Workers } from "../workers.ts";

export const operation: Operation = {
  name: "delayed-jobs",
  server: { shards: 1, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("q", "disk", { type: "queue" }));
  },
  run: async (machine) => {
    const { client, oracle } = machine;
    const workers = new Workers(machine);
    const produce = async (count: number, delayMs: number): Promise<void> => {
      const ledger = oracle.queue("q");
      const first = (oracle.topic("q").live?.head ?? 0) + 1;
      const seqs = Array.from({ length: count }, (_, i) => first + i);
      ledger.mayLease(seqs);
      const dueMs = machine.nowMs + delayMs;
      if ((await client.append("q", count, { delayMs })) !== undefined) return;
      for (const seq of seqs) ledger.delayed(seq, dueMs);
    };
    await machine.until(produce(3, 50_000));
    await machine.until(client.append("q", 2));
    await machine.until(workers.claim("q", "a", 10, 300_000));
    await machine.until(produce(4, 90_000));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(workers.ack("q", "a"));
    await machine.until(produce(1, 20_000));
    await machine.judge("none");
  },
  verify: (machine) => new Workers(machine).verify(),
};
