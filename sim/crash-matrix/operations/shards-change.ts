/** Starts with another number of shards, with and without a tail that was never synced: one layout or the other is found. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, eventsOf, expect, started, tinyStorage } from "../setup.ts";

const classes = ["ephemeral", "memory", "disk", "fsync"] as const;

export const operation: Operation = {
  name: "shards-change",
  server: { shards: 3, shardsAsked: true, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    machine.reconfigure({ ...machine.config, shards: 2 });
    await started(machine);
    for (const durability of classes) {
      await machine.until(machine.client.create(durability, durability));
      for (const tag of ["a", "b"]) await machine.until(machine.client.append(durability, 3, { tag }));
    }
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(machine.client.deleteTag("disk", "a"));
    for (const name of classes) await machine.until(machine.client.append(name, 2, { padBytes: 300 }));
    machine.disk.kill();
  },
  run: async (machine) => {
    for (const shards of [3, 1]) {
      machine.reconfigure({ ...machine.config, shards });
      await machine.start();
      await machine.judge("kill");
      for (const name of classes) await machine.until(machine.client.append(name, 1, { tag: "b" }));
      await machine.until(machine.client.deleteTag("fsync", "b"));
      await awaitEvents(machine, "checkpoint-written");
      if (shards === 3) machine.disk.kill();
    }
    expect(eventsOf(machine, "shards-changed") === 2, "layouts change");
    await machine.judge("none");
  },
};
