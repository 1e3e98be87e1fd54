/** Checkpoints one after another while writers go on and calls overtake each other: replay skips by operation number. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { eventsOf, expect, started, tinyStorage } from "../setup.ts";

const classes = ["ephemeral", "memory", "disk", "fsync"] as const;

export const operation: Operation = {
  name: "checkpoint",
  order: "shuffled",
  seeds: 3,
  server: { shards: 2, wal: smallFiles, storage: tinyStorage({ segmentMaxRecords: 20, checkpointBytes: 2 << 10 }) },
  setup: async (machine) => {
    await started(machine);
    for (const durability of classes) {
      await machine.until(machine.client.create(durability, durability));
      await machine.until(machine.client.append(durability, 2));
    }
  },
  run: async (machine) => {
    const { client } = machine;
    const writer = async (topic: string, at: number): Promise<void> => {
      for (let round = 0; round < 9; round++) {
        await client.append(topic, 1 + ((round + at) % 3), { tag: `t${round % 2}`, padBytes: 50 * at });
        if (round === 5) await client.deleteTag(topic, "t1");
        if (round === 7) await client.append(topic, 1, { key: `${topic}-${at}` });
      }
    };
    const working = Promise.all(classes.flatMap((name) => [writer(name, 0), writer(name, 1)]));
    // Ticks come while everybody is at work.
    await Promise.all([machine.until(working)]);
    await machine.pass(480);
    await machine.until(Promise.all(classes.flatMap((name) => [writer(name, 2), writer(name, 3)])));
    await machine.pass(700);
    expect(eventsOf(machine, "checkpoint-written") > 0, "checkpoints are written");
    await machine.judge("none");
  },
};
