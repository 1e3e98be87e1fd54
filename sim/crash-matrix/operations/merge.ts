/** A trickle of small parts: neighbours become one, and what they were goes when no checkpoint names it. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, started, tinyStorage } from "../setup.ts";

export const operation: Operation = {
  name: "merge",
  server: { shards: 1, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("t", "disk", { capRecords: 40 }));
    for (let count = 0; count < 7; count++) {
      await machine.until(machine.client.append("t", 4, { tag: `t${count % 2}` }));
      await machine.pass(5);
    }
    await awaitEvents(machine, "checkpoint-written");
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.deleteTag("t", "t1", 7));
    await machine.until(client.append("t", 4, { tag: "t1" }));
    await awaitEvents(machine, "segment-rewritten");
    await machine.judge("none");
    await machine.until(client.deleteTag("t", "t0", 20));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.append("t", 9));
    await awaitEvents(machine, "segments-removed");
    await machine.judge("none");
  },
};
