/** Kills, and starts from checkpoints: sealed parts, tails found again, deletes behind the checkpoint. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, started, tinyStorage } from "../setup.ts";

const classes = ["ephemeral", "memory", "disk", "fsync"] as const;

export const operation: Operation = {
  name: "recovery-from-checkpoint",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    for (const durability of classes) {
      await machine.until(client.create(durability, durability));
      for (const tag of ["a", "b", "a"]) await machine.until(client.append(durability, 3, { tag }));
    }
    await awaitEvents(machine, "checkpoint-written");
    for (const name of classes) await machine.until(client.deleteTag(name, "a", 5));
    await awaitEvents(machine, "checkpoint-written");
    for (const name of classes) await machine.until(client.append(name, 2, { tag: "c" }));
    await machine.until(client.deleteTag("disk", "b"));
    machine.disk.kill();
  },
  run: async (machine) => {
    for (let round = 0; round < 3; round++) {
      await machine.start();
      await machine.judge("kill");
      for (const name of classes) await machine.until(machine.client.append(name, 2, { tag: "d" }));
      await machine.until(machine.client.deleteTag("fsync", round === 1 ? "d" : "b"));
      if (round === 1) await awaitEvents(machine, "checkpoint-written");
      if (round < 2) machine.disk.kill();
    }
    await machine.judge("none");
  },
};
