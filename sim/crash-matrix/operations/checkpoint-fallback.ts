/** The newest checkpoint is damaged: the one before it, with its log, gives the same, and another one takes its place. */
import { flipBit } from "../../disk/damage.ts";
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, eventsOf, expect, started, tinyStorage } from "../setup.ts";

const classes = ["memory", "disk", "fsync"] as const;

export const operation: Operation = {
  name: "checkpoint-fallback",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    for (const durability of classes) {
      await machine.until(client.create(durability, durability));
      for (const tag of ["a", "b"]) await machine.until(client.append(durability, 3, { tag }));
    }
    await awaitEvents(machine, "checkpoint-written");
    for (const name of classes) await machine.until(client.deleteTag(name, "a"));
    for (const name of classes) await machine.until(client.append(name, 5, { tag: "c" }));
    await awaitEvents(machine, "checkpoint-written");
    for (const name of classes) await machine.until(client.append(name, 1));
    await machine.until(client.deleteTag("disk", "c"));
    machine.disk.kill();
    machine.disk.damage("/data/ckpt-00000002.ckpt", flipBit(8000));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.start();
    expect(eventsOf(machine, "checkpoint-damaged") === 1, "the damage is found");
    await machine.judge("kill");
    await machine.until(machine.client.append("disk", 3, { tag: "a" }));
    await machine.until(machine.client.deleteTag("fsync", "b"));
    machine.disk.kill();
    await machine.start();
    await machine.judge("kill");
    await machine.until(machine.client.append("fsync", 2));
    await awaitEvents(machine, "checkpoint-written", 2);
    await machine.judge("none");
    expect(client !== machine.client, "the server was started again");
  },
};
