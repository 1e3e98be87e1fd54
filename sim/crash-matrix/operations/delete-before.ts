/** Deletes below a seq, in each class that logs. */
import type { Operation } from "../operation.ts";
import { quiet, started } from "../setup.ts";

const classes = ["memory", "disk", "fsync"] as const;

export const operation: Operation = {
  name: "delete-before",
  setup: async (machine) => {
    await started(machine);
    for (const durability of classes) {
      await machine.until(machine.client.create(durability, durability));
      await machine.until(machine.client.append(durability, 12, { tag: "t" }));
    }
    await quiet(machine);
  },
  run: async (machine) => {
    const { client } = machine;
    for (const beforeSeq of [4, 9])
      for (const name of classes) await machine.until(client.deleteBefore(name, beforeSeq));
    for (const name of classes) await machine.until(client.append(name, 2));
    // Behind an append that is on its way, and everything.
    for (const name of classes)
      await machine.until(Promise.all([client.append(name, 2), client.deleteBefore(name, 100)]));
    for (const name of classes) await machine.until(client.append(name, 1));
    await machine.judge("none");
  },
};
