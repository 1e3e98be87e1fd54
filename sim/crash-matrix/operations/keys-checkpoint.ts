/** Idempotency keys over checkpoints, of records that are sealed, evicted and deleted, and over their window. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, started, tinyStorage } from "../setup.ts";

export const operation: Operation = {
  name: "keys-checkpoint",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("d", "disk"));
    await machine.until(client.create("f", "fsync", { capRecords: 3 }));
    await machine.until(client.create("m", "memory"));
    await machine.until(Promise.all(["d", "f", "m"].map((name) => client.append(name, 2, { key: "one", tag: "t" }))));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(Promise.all(["d", "f", "m"].map((name) => client.append(name, 3, { key: "two" }))));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.append("d", 1, { key: "" }));
    await machine.until(client.deleteTag("d", "t"));
    await machine.until(client.append("f", 4, { key: "three" }));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.append("d", 1, { key: "four" }));
    await machine.judge("none");
  },
};
