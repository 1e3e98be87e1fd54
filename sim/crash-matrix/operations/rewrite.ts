/** Files that are mostly dead are written again without their dead, with deletes coming meanwhile, and calls overtaking. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, eventsOf, expect, started, tinyStorage } from "../setup.ts";

const names = ["d", "f"];

export const operation: Operation = {
  name: "rewrite",
  order: "shuffled",
  seeds: 2,
  server: { shards: 1, wal: smallFiles, storage: tinyStorage({ segmentMaxRecords: 16 }) },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("d", "disk"));
    await machine.until(client.create("f", "fsync"));
    for (const name of names)
      for (let count = 0; count < 16; count++)
        await machine.until(client.append(name, 2, { tag: count % 8 === 5 ? "stuck" : `done:${count % 3}` }));
    await machine.pass(1500);
  },
  run: async (machine) => {
    const { client } = machine;
    for (const name of names) await machine.until(client.deleteTag(name, "done:*"));
    // Somebody is at work whenever the next checkpoint is written, and what it lets be rewritten is.
    for (let count = 0; count < 100 && eventsOf(machine, "segment-rewritten") < 2; count++) {
      const name = names[count % 2];
      await machine.until(
        Promise.all([
          client.append(name, 1, { tag: "late" }),
          ...(count % 30 === 11 ? [client.deleteTag(name, "late")] : []),
          ...(count % 30 === 23 ? [client.deleteBefore(name, 12)] : []),
        ]),
      );
      await machine.pass(count < 90 ? 12 : 200);
    }
    expect(eventsOf(machine, "segment-rewritten") > 0, "what is mostly dead is rewritten");
    await machine.judge("none");
    await machine.until(client.deleteTag("d", "stuck"));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.append("f", 1));
    await awaitEvents(machine, "checkpoint-written");
    await machine.judge("none");
  },
};
