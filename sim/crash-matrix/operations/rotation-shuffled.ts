/** Rotation while calls overtake each other: writers of all classes, one file after another. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { expect, started } from "../setup.ts";

export const operation: Operation = {
  name: "rotation-shuffled",
  order: "shuffled",
  seeds: 2,
  server: { shards: 1, wal: smallFiles },
  setup: async (machine) => {
    await started(machine);
    for (const durability of ["memory", "disk", "fsync"] as const)
      await machine.until(machine.client.create(durability, durability));
  },
  run: async (machine) => {
    const { client } = machine;
    const writer = async (topic: string, padBytes: number): Promise<void> => {
      for (let round = 0; round < 8; round++) await client.append(topic, 1 + (round % 3), { padBytes });
    };
    await machine.until(
      Promise.all([
        writer("memory", 1500),
        writer("disk", 3000),
        writer("disk", 100),
        writer("fsync", 2000),
        writer("fsync", 300),
      ]),
    );
    await machine.judge("none");
    expect(
      machine.events.some(({ type }) => type === "wal-rotated"),
      "files are rotated",
    );
  },
};
