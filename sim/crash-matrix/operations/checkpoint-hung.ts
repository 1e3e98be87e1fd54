/** The syncs of one shard hang: checkpoints of the others go on without it, and it takes nothing. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, expect, started, tinyStorage } from "../setup.ts";

const names = ["one", "two", "three", "four"];

export const operation: Operation = {
  name: "checkpoint-hung",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage() },
  faults: ["datasync(wal-00)#1:hang"],
  setup: async (machine) => {
    await started(machine);
    for (const name of names) {
      await machine.until(machine.client.create(name, "disk"));
      await machine.until(machine.client.append(name, 3));
    }
    await awaitEvents(machine, "checkpoint-written");
    machine.oracle.settle();
  },
  run: async (machine) => {
    const { client } = machine;
    for (const name of names) await machine.until(client.append(name, 1, { tag: "t" }));
    await machine.pass(11_000);
    const answers = await machine.until(Promise.all(names.map((name) => client.append(name, 1))));
    expect(
      answers.includes("throttled") && answers.includes(undefined),
      `one shard waits, one does not: ${answers.join()}`,
    );
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(Promise.all(names.map((name) => client.append(name, 5))));
    await awaitEvents(machine, "checkpoint-written");
    await machine.judge("none");
    machine.disk.gate.releaseHung();
    await machine.pass(500);
    await machine.until(Promise.all(names.map((name) => client.append(name, 1))));
    await machine.judge("none");
  },
};
