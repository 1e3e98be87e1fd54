/** Routers between every two classes, direct writes and deletes in their destinations, and checkpoints in between. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { eventsOf, expect, started, tinyStorage } from "../setup.ts";

const classes = ["ephemeral", "memory", "disk", "fsync"] as const;
const pairs = classes.flatMap((source) => classes.map((dest) => [source, `${source}-${dest}`, dest] as const));

export const operation: Operation = {
  name: "router-forward",
  order: "shuffled",
  seeds: 2,
  server: { shards: 2, wal: smallFiles, storage: tinyStorage({ segmentMaxRecords: 12, checkpointBytes: 4 << 10 }) },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    for (const durability of classes) await machine.until(client.create(durability, durability));
    for (const [source, dest, durability] of pairs) {
      await machine.until(client.create(dest, durability));
      await machine.until(client.route(source, dest));
    }
  },
  run: async (machine) => {
    const { client } = machine;
    const writer = async (source: string): Promise<void> => {
      for (let round = 0; round < 4; round++) await client.append(source, 1 + (round % 3), { tag: `t${round % 2}` });
    };
    const direct = async (dest: string): Promise<void> => {
      await client.append(dest, 2, { tag: "direct" });
      await client.deleteTag(dest, "t1");
    };
    await machine.until(Promise.all([...classes.map(writer), direct("disk-disk"), direct("fsync-fsync")]));
    await machine.pass(600);
    expect(eventsOf(machine, "checkpoint-written") > 0, "checkpoints are written");
    await machine.until(Promise.all(classes.map(writer)));
    await machine.judge("none");
  },
};
