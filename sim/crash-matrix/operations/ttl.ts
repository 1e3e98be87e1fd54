/** Records expire while the server runs, and while it is down; what was gone stays gone. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "ttl",
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("a", "disk", { ttlMs: 10_000 }));
    await machine.until(client.create("f", "fsync", { ttlMs: 10_000 }));
    await machine.until(client.append("a", 3));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.pass(5000);
    await machine.until(Promise.all([client.append("a", 2), client.append("f", 2)]));
    await machine.pass(6000);
    await machine.judge("none");
    await machine.until(client.append("a", 1));
    await machine.pass(5000);
    await machine.judge("none");
    await machine.until(client.create("f", "fsync", { ttlMs: 20_000 }));
    await machine.until(client.append("f", 1));
    await machine.judge("none");
  },
};
