/** Appends of class `memory`: acked before the kernel has them. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "append-memory",
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("a", "memory"));
    await machine.until(machine.client.append("a", 2));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.append("a", 1));
    await machine.until(client.append("a", 4, { padBytes: 600 }));
    await machine.until(client.deleteBefore("a", 3));
    await machine.pass(150);
    await machine.until(client.append("a", 3));
    await machine.judge("none");
  },
};
