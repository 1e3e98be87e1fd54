/** Leases that only memory knows of are gone after a crash; acks and delays are not. Checkpoints and seals come in between. */
import type { Operation } from "../operation.ts";
import { smallFiles } from "../machine.ts";
import { awaitEvents, started, tinyStorage } from "../setup.ts";
import { Workers } from "../workers.ts";

export const operation: Operation = {
  name: "leases-in-memory",
  server: { shards: 1, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("q", "disk", { type: "queue" }));
    await machine.until(machine.client.append("q", 12));
  },
  run: async (machine) => {
    const workers = new Workers(machine);
    await machine.until(workers.claim("q", "a", 4, 300_000));
    await machine.until(workers.nack("q", "a", 90_000, 2));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(workers.ack("q", "a", 1));
    await machine.until(workers.claim("q", "b", 2, 100));
    await machine.until(machine.client.append("q", 2));
    await machine.pass(200);
    await machine.until(workers.claim("q", "c", 4, 300_000));
    await machine.until(workers.ack("q", "c", 3));
    await awaitEvents(machine, "checkpoint-written");
    await machine.judge("none");
  },
  verify: (machine) => new Workers(machine).verify(),
};
