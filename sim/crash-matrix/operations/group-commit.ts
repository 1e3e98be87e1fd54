/** Several writers of all classes at once, on several topics and both shards. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

const classes = ["ephemeral", "memory", "disk", "fsync"] as const;

export const operation: Operation = {
  name: "group-commit",
  order: "shuffled",
  seeds: 3,
  setup: async (machine) => {
    await started(machine);
    for (const durability of classes)
      for (const topic of ["one", "two"])
        await machine.until(machine.client.create(`${durability}-${topic}`, durability));
  },
  run: async (machine) => {
    const { client } = machine;
    const names = classes.flatMap((durability) => [`${durability}-one`, `${durability}-two`]);
    const writer = async (number: number): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        const topic = names[(number * 3 + round * 5) % names.length];
        await client.append(topic, 1 + ((number + round) % 4), { padBytes: 50 * number });
      }
    };
    await machine.until(Promise.all(Array.from({ length: 12 }, (_, number) => writer(number))));
    await machine.judge("none");
    await machine.pass(120);
    await machine.until(Promise.all(names.map((topic) => client.append(topic, 2))));
  },
};
