/** Writes with keys: the key is as durable as its batch. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "idempotency",
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("d", "disk"));
    await machine.until(client.create("f", "fsync", { capRecords: 3 }));
    await machine.until(client.append("d", 1, { key: "before" }));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(Promise.all([client.append("d", 2, { key: "one" }), client.append("f", 2, { key: "one" })]));
    await machine.until(Promise.all([client.append("d", 1, { key: "two" }), client.append("d", 3, { key: "" })]));
    await machine.until(client.append("f", 4, { key: "evicts" }));
    await machine.until(client.deleteBefore("d", 3));
    await machine.until(client.append("d", 1, { key: "three" }));
    await machine.judge("none");
  },
};
