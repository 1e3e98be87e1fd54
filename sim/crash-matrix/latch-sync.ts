/** A sync that fails under writers of all durable classes: latch, rescue into the spare, read-only until the next start. */
import { smallFiles } from "./machine.ts";
import type { Operation } from "./operation.ts";
import { awaitLatch, expect, started } from "./setup.ts";

/** `variant`: the cache keeps what never reaches the device (`A`), or forgets what the sync covered (`B`). */
export function latchSync(name: string, variant: "A" | "B"): Operation {
  return {
    name,
    server: { shards: 1, wal: smallFiles },
    faults: [`datasync(wal-)#1:EIO:${variant}`],
    setup: async (machine) => {
      await started(machine);
      for (const durability of ["memory", "disk", "fsync"] as const) {
        await machine.until(machine.client.create(durability, durability));
        await machine.until(machine.client.append(durability, 2));
      }
      await machine.pass(400);
      machine.oracle.settle();
    },
    run: async (machine) => {
      const { client } = machine;
      await machine.until(client.append("disk", 2));
      await machine.until(client.append("memory", 2));
      const [failed, behind] = await machine.until(
        Promise.all([client.append("fsync", 3, { key: "again" }), client.append("disk", 1)]),
      );
      expect(failed === "wal_unavailable", `an append whose sync failed is refused, and not ${failed ?? "acked"}`);
      await awaitLatch(machine, true);
      const again = await machine.until(client.append("fsync", 3, { key: "again" }));
      expect(again === "wal_unavailable", `what was refused is not known by its key (${again ?? "acked"})`);
      const later = await machine.until(client.append("disk", 1));
      expect(
        later === "wal_unavailable",
        `a latched shard takes nothing (${later ?? "acked"}, before ${behind ?? "acked"})`,
      );
      await machine.judge("none");
    },
  };
}
