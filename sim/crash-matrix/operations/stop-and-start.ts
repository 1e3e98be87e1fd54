/** Clean stops and starts in a row, with and without writes in between. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

const classes = ["ephemeral", "memory", "disk", "fsync"] as const;

export const operation: Operation = {
  name: "stop-and-start",
  endsClean: true,
  setup: async (machine) => {
    await started(machine);
    for (const durability of classes) {
      await machine.until(machine.client.create(durability, durability));
      await machine.until(machine.client.append(durability, 3));
    }
    await machine.stop();
  },
  run: async (machine) => {
    await machine.start();
    await machine.judge("clean");
    for (const name of classes) await machine.until(machine.client.append(name, 2));
    await machine.stop();
    await machine.start();
    await machine.judge("clean");
    await machine.stop();
  },
};
