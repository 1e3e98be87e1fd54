/**
 * Copies that no frame holds, shown to readers and then derived again: between direct writes, and deletes, out of
 * tails and segments, with checkpoints in between, and with sources that have lost what was copied from them.
 */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, eventsOf, expect, started, tinyStorage } from "../setup.ts";

const dests = ["disk", "fsync", "memory"] as const;

export const operation: Operation = {
  name: "router-derived",
  order: "shuffled",
  seeds: 2,
  server: { shards: 2, wal: smallFiles, storage: tinyStorage({ segmentMaxRecords: 9, checkpointBytes: 6 << 10 }) },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("source", "disk"));
    await machine.until(client.put("short", { durability: "disk", capRecords: 4 }));
    for (const dest of dests) {
      await machine.until(client.create(`all-${dest}`, dest));
      await machine.until(client.create(`some-${dest}`, dest));
      await machine.until(client.route("source", `all-${dest}`));
      await machine.until(client.route("short", `some-${dest}`, { prefix: "x" }));
    }
    await machine.until(client.route("all-disk", "further"));
  },
  run: async (machine) => {
    const { client } = machine;
    const write = (tag: string, count: number): Promise<unknown> =>
      Promise.all([client.append("source", count, { tag }), client.append("short", count, { tag })]);
    await machine.until(write("x1", 3));
    await machine.judge("none");
    await machine.until(Promise.all([write("y1", 2), ...dests.map((dest) => client.append(`all-${dest}`, 1))]));
    await machine.until(Promise.all([write("x2", 1), ...dests.map((dest) => client.deleteTag(`all-${dest}`, "x1"))]));
    await machine.judge("none");
    await machine.until(write("x3", 6));
    await machine.judge("none");
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(write("x4", 2));
    await machine.until(client.append("some-fsync", 1));
    await machine.judge("none");
    await machine.pass(1200);
    await machine.until(write("x5", 4));
    await machine.judge("none");
    expect(eventsOf(machine, "segment-sealed") > 0, "tails are sealed");
    await machine.until(Promise.all([write("x6", 1), client.append("all-fsync", 1)]));
    await machine.judge("none");
    await machine.pass(300);
  },
};
