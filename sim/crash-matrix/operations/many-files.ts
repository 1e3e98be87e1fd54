/** A start finds more than two files in a shard: it ends with a checkpoint, before anything is served. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { eventsOf, expect, started, tinyStorage } from "../setup.ts";

const classes = ["ephemeral", "memory", "disk", "fsync"] as const;

export const operation: Operation = {
  name: "many-files",
  server: { shards: 1, wal: smallFiles, storage: tinyStorage({ checkpointMs: 1e9 }) },
  setup: async (machine) => {
    await started(machine);
    for (const durability of classes) await machine.until(machine.client.create(durability, durability));
    for (let count = 0; count < 2; count++) {
      for (const name of classes) await machine.until(machine.client.append(name, 2, { tag: "t" }));
      machine.disk.kill();
      await machine.start();
      await machine.judge("kill");
    }
    await machine.until(machine.client.append("disk", 1));
    machine.disk.kill();
  },
  run: async (machine) => {
    for (let count = 0; count < 4; count++) {
      await machine.start();
      await machine.judge("kill");
      for (const name of classes) await machine.until(machine.client.append(name, 1));
      await machine.pass(20);
      if (count < 3) machine.disk.kill();
    }
    expect(eventsOf(machine, "checkpoint-written") > 1, "starts end with checkpoints");
    const logs = machine.disk.files().filter((path) => path.endsWith(".log"));
    expect(logs.length < 6, `the log stays short: ${logs.join()}`);
    await machine.judge("none");
  },
};
