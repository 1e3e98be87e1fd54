/** A write fails with `EIO`: latch and rescue, as for a sync. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitLatch, expect, readyToLatch } from "../setup.ts";

export const operation: Operation = {
  name: "latch-write",
  server: { shards: 1, wal: smallFiles },
  faults: ["write(wal-)#3:EIO"],
  setup: readyToLatch,
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.append("disk", 2));
    await machine.until(client.append("disk", 1));
    const failed = await machine.until(client.append("disk", 3, { padBytes: 900, key: "again" }));
    expect(failed === "wal_unavailable", `an append whose write failed is refused, and not ${failed ?? "acked"}`);
    await awaitLatch(machine, true);
    const again = await machine.until(client.append("disk", 3, { key: "again" }));
    expect(again === "wal_unavailable", `what was refused is not known by its key (${again ?? "acked"})`);
    await machine.judge("none");
  },
};
