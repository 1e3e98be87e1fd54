/** One shard latches while the other goes on, with calls that overtake each other. */
import type { Operation } from "../operation.ts";
import { expect, started } from "../setup.ts";

const names = ["one", "two", "three", "four", "five", "six"];

export const operation: Operation = {
  name: "latch-one-of-two",
  order: "shuffled",
  seeds: 2,
  faults: ["datasync(wal-00)#2:EIO:B"],
  setup: async (machine) => {
    await started(machine);
    for (const [at, name] of names.entries())
      await machine.until(machine.client.create(name, at % 2 === 0 ? "disk" : "fsync"));
    await machine.pass(400);
    machine.oracle.settle();
  },
  run: async (machine) => {
    const { client } = machine;
    for (let round = 0; round < 4; round++)
      await machine.until(
        Promise.all(names.flatMap((name) => [client.append(name, 2), client.append(name, 1, { padBytes: 700 })])),
      );
    const answers = await machine.until(Promise.all(names.map((name) => client.append(name, 1))));
    expect(answers.includes("wal_unavailable") && answers.includes(undefined), "one shard is latched, one is not");
    await machine.judge("none");
  },
};
