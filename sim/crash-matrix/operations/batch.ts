/** Batches over many sectors: there whole, or not at all. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "batch",
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("d", "disk"));
    await machine.until(machine.client.create("f", "fsync"));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(
      Promise.all([client.append("d", 40, { padBytes: 100 }), client.append("f", 30, { padBytes: 90 })]),
    );
    await machine.until(
      Promise.all([client.append("d", 3, { padBytes: 2500 }), client.append("f", 2, { padBytes: 3000 })]),
    );
    await machine.until(Promise.all([client.append("d", 1), client.append("d", 20, { padBytes: 20 })]));
    await machine.judge("none");
  },
};
