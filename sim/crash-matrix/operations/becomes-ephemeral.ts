/** A durable topic becomes `ephemeral` and durable again; what is in its log from before goes on counting. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "becomes-ephemeral",
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("a", "disk"));
    await machine.until(client.append("a", 6, { tag: "t" }));
    await machine.until(client.create("b", "fsync"));
    await machine.until(client.append("b", 4, { tag: "t" }));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.create("a", "ephemeral"));
    await machine.until(client.append("a", 3, { tag: "u" }));
    await machine.until(client.deleteBefore("a", 3));
    await machine.until(client.append("a", 1));
    await machine.until(client.create("b", "ephemeral"));
    await machine.until(client.append("b", 2));
    await machine.pass(150);
    await machine.until(client.create("a", "disk"));
    await machine.until(client.append("a", 2));
    await machine.until(client.create("b", "fsync"));
    await machine.until(client.append("b", 1));
    await machine.judge("none");
  },
};
