/** Three kills in a row with writes in between: holes are recorded, joined, and never forgotten. */
import type { Operation } from "../operation.ts";

const classes = ["ephemeral", "memory", "disk", "fsync"] as const;

export const operation: Operation = {
  name: "kills-in-a-row",
  setup: async (machine) => {
    await machine.start();
    for (const durability of classes) {
      await machine.until(machine.client.create(durability, durability));
      await machine.until(machine.client.append(durability, 2));
    }
  },
  run: async (machine) => {
    for (let round = 0; round < 3; round++) {
      for (const name of classes) await machine.until(machine.client.append(name, 2));
      machine.disk.kill();
      await machine.start();
      await machine.judge("kill");
    }
    for (const name of classes) await machine.until(machine.client.append(name, 1));
  },
};
