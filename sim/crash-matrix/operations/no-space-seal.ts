/** The disk is full when tails are to be sealed: nothing is lost, reads go on, and they are sealed when there is room. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, expect, started, tinyStorage } from "../setup.ts";

export const operation: Operation = {
  name: "no-space-seal",
  mayWantSpace: true,
  server: { shards: 1, wal: smallFiles, storage: tinyStorage({ checkpointMs: 1e9 }) },
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("d", "disk"));
    await machine.until(machine.client.append("d", 3, { tag: "t" }));
  },
  run: async (machine) => {
    const { client, disk } = machine;
    disk.setFreeBytes(0);
    await machine.until(client.append("d", 3));
    await awaitEvents(machine, "storage-failed");
    expect((await machine.until(client.deleteTag("d", "t"))) === undefined, "deletes go on");
    await machine.until(client.append("d", 1));
    await machine.judge("none");
    disk.setFreeBytes(1 << 30);
    await awaitEvents(machine, "segment-sealed");
    await machine.until(client.append("d", 2));
    await machine.judge("none");
  },
};
