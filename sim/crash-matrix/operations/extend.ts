/** A file that may grow: zeros are written behind its end, and become room with a sync that happens anyway. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "extend",
  server: { shards: 1, wal: { ...smallFiles, fileBytes: 3 << 20 } },
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("f", "fsync"));
    await machine.until(machine.client.create("d", "disk"));
    for (let count = 0; count < 2; count++) await machine.until(machine.client.append("f", 1, { padBytes: 200_000 }));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(Promise.all([client.append("f", 1, { padBytes: 240_000 }), client.append("d", 1)]));
    await machine.until(client.append("d", 2, { padBytes: 100_000 }));
    await machine.until(Promise.all([client.append("f", 1, { padBytes: 200_000 }), client.append("d", 1)]));
    await machine.until(client.append("f", 2));
    await machine.judge("none");
  },
};
