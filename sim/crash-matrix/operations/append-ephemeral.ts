/** Appends of class `ephemeral`: only configuration and ceiling are on the disk. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "append-ephemeral",
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("a", "ephemeral"));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.append("a", 3, { tag: "t" }));
    // Enough for the ceiling to rise ahead of need.
    await machine.until(client.append("a", 700));
    await machine.until(client.deleteTag("a", "t"));
    await machine.until(client.append("a", 2));
    await machine.pass(250);
    await machine.until(client.append("a", 1));
    await machine.judge("none");
  },
};
