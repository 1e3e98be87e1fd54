/** Deletes by tag of sealed records: into the log, then into the segments' `.del`, which grow with each checkpoint. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, expect, started, tinyStorage } from "../setup.ts";

const classes = ["disk", "fsync"] as const;

export const operation: Operation = {
  name: "delete-sealed",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    for (const durability of classes) {
      await machine.until(machine.client.create(durability, durability));
      for (const tag of ["job:1", "job:2", "other", "job:1"])
        await machine.until(machine.client.append(durability, 3, { tag }));
    }
    await awaitEvents(machine, "checkpoint-written");
  },
  run: async (machine) => {
    const { client, disk } = machine;
    for (const name of classes) await machine.until(client.deleteTag(name, "job:1"));
    await awaitEvents(machine, "checkpoint-written");
    expect(
      disk.files().some((path) => path.endsWith(".del")),
      "deletes of sealed records are kept beside them",
    );
    await machine.judge("none");
    for (const name of classes) await machine.until(client.append(name, 2, { tag: "job:1" }));
    for (const name of classes) await machine.until(client.deleteTag(name, "job:*", 6));
    await machine.judge("none");
    await awaitEvents(machine, "checkpoint-written");
    for (const name of classes) await machine.until(client.deleteTag(name, "job:*"));
    await machine.until(client.append("disk", 1));
    await awaitEvents(machine, "checkpoint-written");
    await machine.judge("none");
  },
};
