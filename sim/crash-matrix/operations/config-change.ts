/** Configurations change between durable classes, and caps tighten, with writes around each change. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "config-change",
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("a", "disk"));
    await machine.until(machine.client.append("a", 5));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.create("a", "fsync"));
    await machine.until(client.append("a", 2));
    await machine.until(client.create("a", "memory", { capRecords: 4 }));
    await machine.until(client.append("a", 1));
    await machine.until(client.create("a", "disk", { capRecords: 3, dedupeNode: false, priority: 7 }));
    await machine.until(client.append("a", 2));
    await machine.until(client.create("a", "disk", { discard: "reject", capRecords: 3 }));
    await machine.until(client.append("a", 1));
    await machine.until(client.create("a", "fsync"));
    await machine.until(client.append("a", 1));
    await machine.judge("none");
  },
};
