/**
 * A tail holds the log back to before a clean stop; what came behind it is sealed, and the ceiling that it was given is in
 * the checkpoint. The end that replay meets is not the end of that.
 */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, started, tinyStorage } from "../setup.ts";

export const operation: Operation = {
  name: "ceiling-behind-stop",
  server: { shards: 1, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    for (const name of ["still", "disk", "memory"])
      await machine.until(client.create(name, name === "memory" ? "memory" : "disk"));
    await machine.until(client.append("still", 1));
    await machine.stop();
    await machine.start();
    await machine.judge("clean");
    for (const name of ["disk", "memory"]) await machine.until(machine.client.append(name, 4));
    await awaitEvents(machine, "checkpoint-written");
    machine.oracle.settle();
  },
  run: async (machine) => {
    for (const name of ["disk", "memory"]) await machine.until(machine.client.append(name, 1));
    await machine.judge("none");
  },
};
