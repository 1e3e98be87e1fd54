/** Configurations and classes change over checkpoints, in and out of `ephemeral`, with sealed records behind them. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, started, tinyStorage } from "../setup.ts";

export const operation: Operation = {
  name: "class-checkpoint",
  server: { shards: 1, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("a", "disk"));
    await machine.until(client.append("a", 5, { tag: "t" }));
    await machine.until(client.append("a", 2, { tag: "u" }));
    await machine.until(client.create("b", "ephemeral"));
    await machine.until(client.append("b", 5, { tag: "t", key: "k" }));
    await awaitEvents(machine, "checkpoint-written");
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.create("a", "ephemeral"));
    await machine.until(client.append("a", 3, { tag: "u" }));
    await machine.until(client.create("b", "fsync"));
    await machine.until(client.append("b", 2));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.deleteTag("a", "t"));
    await machine.until(client.deleteBefore("b", 3));
    await machine.until(client.append("a", 1));
    await awaitEvents(machine, "checkpoint-written");
    await machine.judge("none");
    await machine.until(Promise.all([client.create("a", "disk"), client.append("b", 3)]));
    await machine.until(client.append("a", 2));
    await machine.until(client.create("b", "ephemeral", { capRecords: 4 }));
    await machine.until(client.append("b", 3));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.create("a", "memory", { capRecords: 3 }));
    await machine.until(client.append("a", 1));
    await machine.judge("none");
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.create("b", "disk"));
    await machine.until(client.append("b", 1));
    await machine.judge("none");
  },
};
