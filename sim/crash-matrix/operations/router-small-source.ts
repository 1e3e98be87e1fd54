/** A source that keeps three records, and loses what it had not synced: what is missed is announced, and nothing else is. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "router-small-source",
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.put("small", { durability: "disk", capRecords: 3 }));
    await machine.until(client.put("kept", { durability: "fsync" }));
    await machine.until(client.put("loose", { durability: "memory" }));
    await machine.until(client.route("small", "kept"));
    await machine.until(client.route("small", "loose"));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(Promise.all([client.append("small", 5), client.append("small", 2), client.append("kept", 1)]));
    await machine.until(client.append("small", 7));
    await machine.judge("none");
    await machine.pass(200);
    await machine.until(client.append("small", 1));
  },
};
