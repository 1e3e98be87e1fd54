/** Tails that have grown enough become segments, while appends go on: nothing that anybody sees changes. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, started, tinyStorage } from "../setup.ts";

const classes = ["memory", "disk", "fsync"] as const;

export const operation: Operation = {
  name: "seal",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage({ checkpointMs: 1e9 }) },
  setup: async (machine) => {
    await started(machine);
    for (const durability of classes) {
      await machine.until(machine.client.create(durability, durability));
      await machine.until(machine.client.append(durability, 2, { tag: "a", node: "n" }));
    }
  },
  run: async (machine) => {
    const { client } = machine;
    for (const name of classes) await machine.until(client.append(name, 3, { tag: "b", padBytes: 300 }));
    for (const name of classes) await machine.until(client.append(name, 1));
    await awaitEvents(machine, "segment-sealed");
    await machine.judge("none");
    await machine.until(Promise.all(classes.map((name) => client.append(name, 9, { tag: "a" }))));
    await machine.until(Promise.all(classes.map((name) => client.append(name, 1, { tag: "c" }))));
    await awaitEvents(machine, "segment-sealed");
    await machine.judge("none");
  },
};
