/** Topics outrun their seq ceilings: batches far larger than what was declared ahead. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "ceiling",
  server: { shards: 2, wal: { ...smallFiles, fileBytes: 512 << 10 } },
  setup: async (machine) => {
    await started(machine);
    for (const durability of ["ephemeral", "memory", "disk", "fsync"] as const)
      await machine.until(machine.client.create(durability, durability));
  },
  run: async (machine) => {
    const { client } = machine;
    const names = ["ephemeral", "memory", "disk", "fsync"];
    await machine.until(Promise.all(names.map((name) => client.append(name, 500))));
    await machine.until(Promise.all(names.map((name) => client.append(name, 600))));
    await machine.until(Promise.all(["ephemeral", "disk"].map((name) => client.append(name, 700))));
    await machine.judge("none");
  },
};
