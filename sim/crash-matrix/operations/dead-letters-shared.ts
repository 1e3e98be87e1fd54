/** Jobs of two queues, of the same seqs, die into one topic: none is taken for another. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitMoment, quiet, started } from "../setup.ts";
import { Workers } from "../workers.ts";

const queues = ["p", "q"];

export const operation: Operation = {
  name: "dead-letters-shared",
  server: { shards: 3, wal: smallFiles },
  // Of the first queue: its jobs stay for a while when they are among the dead letters.
  faults: ["datasync(wal-02)#2:delay=100"],
  setup: async (machine) => {
    await started(machine);
    const workers = new Workers(machine);
    const config = { type: "queue", maxDeliveries: 1, deadLetter: "dead", leasesDurable: true } as const;
    await machine.until(machine.client.create("dead", "fsync", { type: "queue" }));
    for (const queue of queues) {
      await machine.until(machine.client.create(queue, "fsync", config));
      await machine.until(machine.client.append(queue, 2, { tag: "t" }));
      await machine.until(workers.claim(queue, "a", 2, 100));
    }
    await quiet(machine);
  },
  run: async (machine) => {
    const { engine } = machine;
    const workers = new Workers(machine);
    const first = workers.bury("p", "dead", 1);
    await awaitMoment(machine, () => engine.topicState("dead", false).headSeq === 2);
    await machine.until(Promise.all([first, workers.bury("q", "dead", 1)]));
    await machine.judge("none");
  },
  verify: (machine) => Promise.resolve(Workers.verifyMoved(machine, [...queues, "dead"], 4)),
};
