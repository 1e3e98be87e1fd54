/** Caps and TTL take records through sealed parts: floors survive checkpoints, and so do the holes below which they stand. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, started, tinyStorage } from "../setup.ts";

export const operation: Operation = {
  name: "evict-sealed",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("capped", "disk", { capRecords: 9 }));
    await machine.until(client.create("weighed", "fsync", { capBytes: 1200 }));
    await machine.until(client.create("aging", "disk", { ttlMs: 6000 }));
    for (let count = 0; count < 2; count++)
      for (const name of ["capped", "weighed", "aging"]) await machine.until(client.append(name, 4, { tag: "t" }));
    await awaitEvents(machine, "checkpoint-written");
  },
  run: async (machine) => {
    const { client } = machine;
    for (const name of ["capped", "weighed", "aging"])
      await machine.until(client.append(name, 4, { padBytes: name === "weighed" ? 90 : 0 }));
    await machine.judge("none");
    await machine.until(client.deleteTag("capped", "t", 6));
    await machine.until(client.append("capped", 2));
    await machine.pass(4000);
    await machine.until(client.append("aging", 1));
    await machine.until(client.append("weighed", 2, { padBytes: 300 }));
    await machine.judge("none");
    await machine.pass(3000);
    await machine.judge("none");
    await machine.until(client.append("capped", 12));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.create("capped", "disk", { capRecords: 2 }));
    await machine.pass(5000);
    await machine.judge("none");
  },
};
