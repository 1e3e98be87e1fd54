/** Files fill up: prepared spares become the log's next files, on both shards and with syncs going on. */
import type { Operation } from "../operation.ts";
import { expect, started } from "../setup.ts";

export const operation: Operation = {
  name: "rotation",
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("d", "disk"));
    await machine.until(machine.client.create("f", "fsync"));
    await machine.until(machine.client.create("e", "disk"));
    for (let count = 0; count < 3; count++) await machine.until(machine.client.append("d", 4, { padBytes: 2500 }));
  },
  run: async (machine) => {
    const { client } = machine;
    for (let round = 0; round < 5; round++) {
      await machine.until(
        Promise.all([
          client.append("d", 4, { padBytes: 2500 }),
          client.append("f", 3, { padBytes: 2500 }),
          client.append("e", 1, { padBytes: 200 }),
          client.append("e", 3, { padBytes: 2000 }),
        ]),
      );
    }
    await machine.judge("none");
    expect(machine.events.filter(({ type }) => type === "wal-rotated").length >= 2, "files are rotated");
  },
};
