/** A clean stop: every shard ends with a synced final frame, and the next start finds no hole. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "clean-stop",
  endsClean: true,
  setup: async (machine) => {
    await started(machine);
    for (const durability of ["ephemeral", "memory", "disk", "fsync"] as const) {
      await machine.until(machine.client.create(durability, durability));
      await machine.until(machine.client.append(durability, 3));
    }
  },
  run: async (machine) => {
    for (const name of ["ephemeral", "memory", "disk"]) await machine.until(machine.client.append(name, 2));
    await machine.stop();
  },
};
