/** Tails together take too much memory: the longest idle ones of many topics go into one file, and a checkpoint names it. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, expect, started, tinyStorage } from "../setup.ts";

const names = Array.from({ length: 7 }, (_, at) => `idle-${at}`);

export const operation: Operation = {
  name: "seal-idle-tails",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage({ segmentMaxRecords: 1000, tailBytes: 12 << 10 }) },
  setup: async (machine) => {
    await started(machine);
    for (const [at, name] of names.entries()) {
      await machine.until(machine.client.create(name, at % 2 === 0 ? "disk" : "fsync"));
      await machine.until(machine.client.append(name, 1 + (at % 3), { tag: `t${at % 2}` }));
    }
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.append("busy", 2, { padBytes: 3000 }));
    await awaitEvents(machine, "segment-sealed");
    expect(
      machine.events.some((event) => event.type === "segment-sealed" && event.topics > 1),
      "a segment holds several topics",
    );
    await machine.judge("none");
    await machine.until(client.deleteTag("idle-1", "t1"));
    await machine.until(client.deleteTopic("idle-2"));
    for (const name of ["idle-0", "idle-3"]) await machine.until(client.append(name, 1, { padBytes: 2000 }));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.append("busy", 2, { padBytes: 2500 }));
    await machine.judge("none");
  },
};
