/**
 * An `ephemeral` topic evicts what is in its log from durable days, with nothing but records that no frame tells of; then it
 * stops, and starts again: nothing evicted comes back.
 */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "ephemeral-evicts-logged",
  endsClean: true,
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("a", "disk", { capRecords: 6 }));
    await machine.until(client.append("a", 9));
    await machine.until(client.create("a", "ephemeral", { capRecords: 6 }));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.append("a", 2));
    await machine.stop();
    await machine.start();
    await machine.judge("clean");
    await machine.until(machine.client.append("a", 30));
    await machine.stop();
  },
};
