/** The disk fills up under many writers, comes back, and fills up again; calls overtake each other. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { expect, started } from "../setup.ts";

export const operation: Operation = {
  name: "no-space-writers",
  order: "shuffled",
  seeds: 2,
  server: { shards: 2, wal: smallFiles },
  mayWantSpace: true,
  setup: async (machine) => {
    await started(machine);
    for (const durability of ["memory", "disk", "fsync"] as const)
      await machine.until(machine.client.create(durability, durability));
  },
  run: async (machine) => {
    const { client, disk } = machine;
    const answers: (string | undefined)[] = [];
    const writer = async (topic: string, rounds: number): Promise<void> => {
      for (let count = 0; count < rounds; count++) answers.push(await client.append(topic, 2, { padBytes: 3000 }));
    };
    disk.setFreeBytes(0);
    await machine.until(Promise.all(["memory", "disk", "fsync", "disk", "fsync"].map((topic) => writer(topic, 12))));
    expect(answers.includes("wal_unavailable"), "a full disk refuses appends");
    const deletes = await machine.until(Promise.all(["disk", "fsync"].map((topic) => client.deleteBefore(topic, 4))));
    expect(
      deletes.every((answer) => answer === undefined),
      "deletes go on",
    );
    await machine.judge("none");
    disk.setFreeBytes(200 << 10);
    await machine.pass(3000);
    await machine.until(Promise.all(["memory", "disk", "fsync"].map((topic) => writer(topic, 8))));
    await machine.judge("none");
    disk.setFreeBytes(1 << 30);
    await machine.pass(5000);
    const resumed = await machine.until(
      Promise.all(["memory", "disk", "fsync"].map((topic) => client.append(topic, 1))),
    );
    expect(
      resumed.every((answer) => answer === undefined),
      "appends resume",
    );
    await machine.judge("none");
  },
};
