/** One shard is read-only: its topics stay in checkpoints as they were, and the others go on, and retire nothing of it. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, expect, started, tinyStorage } from "../setup.ts";

const names = ["one", "two", "three", "four", "five", "six"];

export const operation: Operation = {
  name: "checkpoint-latched",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage() },
  faults: ["datasync(wal-00)#2:EIO:B"],
  setup: async (machine) => {
    await started(machine);
    for (const [at, name] of names.entries()) {
      await machine.until(machine.client.create(name, at % 2 === 0 ? "disk" : "fsync"));
      await machine.until(machine.client.append(name, 3, { tag: "t" }));
    }
    await awaitEvents(machine, "checkpoint-written");
    machine.oracle.settle();
  },
  run: async (machine) => {
    const { client } = machine;
    for (let round = 0; round < 3; round++)
      await machine.until(Promise.all(names.map((name) => client.append(name, 2, { tag: `r${round}` }))));
    await machine.pass(500);
    expect(
      machine.events.some(({ type }) => type === "wal-latched"),
      "a shard latches",
    );
    const answers = await machine.until(Promise.all(names.map((name) => client.deleteTag(name, "t"))));
    expect(answers.includes("wal_unavailable") && answers.includes(undefined), "one shard is latched, one is not");
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(Promise.all(names.map((name) => client.append(name, 4, { padBytes: 4000 }))));
    await awaitEvents(machine, "checkpoint-written");
    await machine.judge("none");
  },
};
