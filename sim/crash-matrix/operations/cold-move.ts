/** Old segments move to the cold directory: copied, synced, switched, deleted; read, deleted from, and rewritten there. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, eventsOf, expect, started, tinyStorage } from "../setup.ts";

export const operation: Operation = {
  name: "cold-move",
  server: {
    shards: 1,
    wal: smallFiles,
    storage: tinyStorage({ coldDirectory: "/cold", hotRetainSegments: 1 }),
  },
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("t", "fsync"));
    for (let count = 0; count < 3; count++) {
      await machine.until(machine.client.append("t", 4, { tag: `t${count}` }));
      await machine.pass(5);
    }
  },
  run: async (machine) => {
    const { client } = machine;
    await awaitEvents(machine, "segment-moved", 2);
    await machine.judge("none");
    await machine.until(client.deleteTag("t", "t0", 3));
    await machine.until(client.append("t", 4));
    await awaitEvents(machine, "segment-moved");
    await machine.judge("none");
    await machine.until(client.deleteBefore("t", 6));
    await awaitEvents(machine, "checkpoint-written", 2);
    await machine.until(client.append("t", 1));
    await awaitEvents(machine, "checkpoint-written");
    expect(eventsOf(machine, "segments-removed") > 0, "what is dead goes from the cold directory too");
    await machine.judge("none");
  },
};
