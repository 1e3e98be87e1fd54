/** The checkpoint of a clean stop, the start from it, and ceilings that rise again behind it. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, started, tinyStorage } from "../setup.ts";

const classes = ["ephemeral", "memory", "disk", "fsync"] as const;

export const operation: Operation = {
  name: "checkpoint-clean-stop",
  endsClean: true,
  server: { shards: 2, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    for (const durability of classes) {
      await machine.until(machine.client.create(durability, durability));
      await machine.until(machine.client.append(durability, 2, { key: "k" }));
    }
  },
  run: async (machine) => {
    for (const name of classes) await machine.until(machine.client.append(name, 1));
    await machine.stop();
    await machine.start();
    await machine.judge("clean");
    // The tails are older than the stop, the ceilings younger, and only the checkpoint has both.
    for (const name of classes) await machine.until(machine.client.append(name, 1, { tag: "t" }));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(machine.client.append("disk", 1));
    await machine.stop();
    await machine.start();
    await machine.judge("clean");
    for (const name of ["memory", "fsync"]) await machine.until(machine.client.deleteTag(name, "t"));
    await machine.stop();
  },
};
