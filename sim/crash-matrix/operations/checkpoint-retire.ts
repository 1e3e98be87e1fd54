/** Checkpoints go on: the oldest is pruned, and WAL files that neither of the kept ones needs are retired. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, expect, started, tinyStorage } from "../setup.ts";

const names = ["d", "f", "quiet"];

export const operation: Operation = {
  name: "checkpoint-retire",
  server: { shards: 1, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("d", "disk"));
    await machine.until(client.create("f", "fsync"));
    await machine.until(client.create("quiet", "disk"));
    await machine.until(client.append("quiet", 4, { tag: "q" }));
    await machine.until(client.append("d", 4, { padBytes: 9000 }));
    await machine.until(client.append("f", 3, { padBytes: 9000 }));
  },
  run: async (machine) => {
    const { client } = machine;
    for (let round = 0; round < 3; round++) {
      for (const name of ["d", "f"]) await machine.until(client.append(name, 4, { tag: "r", padBytes: 6000 }));
      if (round === 1) await machine.until(client.deleteTag("f", "r"));
      await awaitEvents(machine, "checkpoint-written");
    }
    await machine.until(client.append("d", 1));
    await awaitEvents(machine, "checkpoint-written");
    expect(
      machine.events.some((event) => event.type === "checkpoint-written" && event.retired > 0),
      "WAL files are retired",
    );
    const numbers = machine.disk.files().filter((path) => path.endsWith(".ckpt"));
    expect(numbers.length === 2, `two checkpoints are kept: ${numbers.join()}`);
    await machine.judge("none");
    for (const name of names) await machine.until(client.append(name, 1));
  },
};
