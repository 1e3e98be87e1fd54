/** A checkpoint lowers the ceilings of topics that nobody writes to; what is appended behind that waits for them to rise. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, started, tinyStorage } from "../setup.ts";

const classes = ["ephemeral", "memory", "disk", "fsync"] as const;

export const operation: Operation = {
  name: "ceiling-idle",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    for (const durability of classes) {
      await machine.until(machine.client.create(durability, durability));
      await machine.until(machine.client.append(durability, 5));
    }
    await machine.until(machine.client.append("other", 1));
    await machine.pass(601_000);
    machine.oracle.settle();
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.append("other", 1));
    await awaitEvents(machine, "checkpoint-written");
    for (const name of classes) await machine.until(client.append(name, 2));
    await machine.judge("none");
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(Promise.all(classes.map((name) => client.append(name, 1))));
    await machine.judge("none");
  },
};
