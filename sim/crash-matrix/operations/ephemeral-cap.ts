/** An `ephemeral` topic with records in the log from before evicts them: its floor does not fall at a restart. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "ephemeral-cap",
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("a", "disk", { capRecords: 4 }));
    await machine.until(client.append("a", 6));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.create("a", "ephemeral", { capRecords: 4 }));
    await machine.until(client.append("a", 2));
    await machine.pass(200);
    await machine.until(client.append("a", 5));
    await machine.pass(200);
    await machine.judge("none");
  },
};
