/** An `ephemeral` topic becomes durable: what it retains is logged before the change is answered. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "becomes-durable",
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("a", "ephemeral", { capRecords: 8 }));
    await machine.until(client.append("a", 5, { tag: "t" }));
    await machine.until(client.append("a", 5, { key: "first" }));
    await machine.until(client.deleteTag("a", "t"));
    await machine.until(client.append("a", 2, { tag: "t", node: "n" }));
    await machine.until(client.create("b", "ephemeral"));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.create("a", "disk", { capRecords: 8 }));
    await machine.until(client.append("a", 2));
    await machine.until(client.append("b", 3));
    await machine.until(Promise.all([client.create("b", "fsync"), client.append("a", 1)]));
    await machine.until(client.append("b", 1, { key: "second" }));
    await machine.judge("none");
  },
};
