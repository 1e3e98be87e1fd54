/** Shards go idle: marks say how far the log is synced, once; a checkpoint follows, once; and nothing more is written. */
import type { Operation } from "../operation.ts";
import { expect, started } from "../setup.ts";

export const operation: Operation = {
  name: "mark",
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("d", "disk"));
    await machine.until(machine.client.create("m", "memory"));
    await machine.until(machine.client.append("d", 2));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.append("d", 2));
    await machine.pass(130);
    await machine.until(client.append("m", 1));
    await machine.pass(400);
    machine.oracle.settle();
    expect(
      machine.events.some(({ type }) => type === "wal-marked"),
      "an idle shard is marked",
    );
    await machine.pass(61_000);
    expect(
      machine.events.some(({ type }) => type === "checkpoint-written"),
      "what was logged comes into a checkpoint",
    );
    const { mutations } = machine.disk.gate;
    await machine.pass(1_200_000);
    expect(machine.disk.gate.mutations === mutations, "a directory in which nothing happens is not written");
    await machine.until(client.append("d", 1));
  },
};
