/** Deletes below a seq, through sealed parts and within one: whole files go when no checkpoint needs them. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, started, tinyStorage } from "../setup.ts";

const classes = ["disk", "fsync"] as const;

export const operation: Operation = {
  name: "delete-before-sealed",
  server: { shards: 1, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    for (const durability of classes) {
      await machine.until(machine.client.create(durability, durability));
      for (let count = 0; count < 5; count++) await machine.until(machine.client.append(durability, 4, { tag: "t" }));
    }
    await awaitEvents(machine, "checkpoint-written");
  },
  run: async (machine) => {
    const { client } = machine;
    for (const name of classes) await machine.until(client.deleteBefore(name, 7));
    await machine.judge("none");
    for (const name of classes) await machine.until(client.deleteBefore(name, 13));
    await awaitEvents(machine, "checkpoint-written");
    for (const name of classes) await machine.until(client.append(name, 1));
    await awaitEvents(machine, "segments-removed");
    await machine.judge("none");
    for (const name of classes) await machine.until(client.deleteBefore(name, 1000));
    await machine.until(client.append("disk", 1));
    await awaitEvents(machine, "checkpoint-written", 2);
    await machine.judge("none");
  },
};
