/** Deletes by tag and by tag prefix: what was there at the call, and nothing later. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

const classes = ["disk", "fsync"] as const;

export const operation: Operation = {
  name: "delete-tag",
  setup: async (machine) => {
    await started(machine);
    for (const durability of classes) {
      await machine.until(machine.client.create(durability, durability));
      for (const tag of ["job:1", "job:2", "other"]) await machine.until(machine.client.append(durability, 3, { tag }));
    }
  },
  run: async (machine) => {
    const { client } = machine;
    for (const name of classes) await machine.until(client.deleteTag(name, "job:1"));
    for (const name of classes) await machine.until(client.append(name, 2, { tag: "job:1" }));
    for (const name of classes) await machine.until(client.deleteTag(name, "job:*", 9));
    for (const name of classes)
      await machine.until(Promise.all([client.deleteTag(name, "job:*"), client.append(name, 2, { tag: "job:3" })]));
    await machine.pass(150);
    for (const name of classes) await machine.until(client.append(name, 1));
    await machine.judge("none");
  },
};
