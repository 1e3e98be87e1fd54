/** A frame longer than a file gets a file of its own. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "large-frame",
  server: { shards: 1, wal: smallFiles },
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("f", "fsync"));
    await machine.until(machine.client.create("d", "disk"));
    await machine.until(machine.client.append("d", 2));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.append("d", 2, { padBytes: 45_000 }));
    await machine.until(client.append("f", 1));
    await machine.until(client.append("f", 3, { padBytes: 50_000 }));
    await machine.until(Promise.all([client.append("d", 1), client.append("f", 1)]));
    await machine.judge("none");
  },
};
