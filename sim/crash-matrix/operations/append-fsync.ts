/** Appends of class `fsync`: acked and shown only when they are on the device. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "append-fsync",
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("a", "fsync"));
    await machine.until(machine.client.append("a", 2));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.append("a", 1));
    await machine.until(client.append("a", 5, { padBytes: 700 }));
    await machine.until(Promise.all([client.append("a", 2), client.append("a", 3), client.append("a", 1)]));
    await machine.pass(150);
    await machine.until(client.append("a", 3));
    await machine.judge("none");
  },
};
