/** Topics are made, deleted and made again, by `PUT` and by the first write; a new one knows nothing of the old. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "topic-lifecycle",
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("stays", "disk"));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(Promise.all([client.create("a", "fsync"), client.append("b", 3), client.append("stays", 1)]));
    await machine.until(client.append("a", 4, { key: "k" }));
    await machine.until(client.deleteTopic("a"));
    await machine.until(client.create("a", "disk"));
    await machine.until(client.append("a", 1));
    await machine.until(client.deleteTopic("b"));
    await machine.until(client.append("b", 2));
    await machine.until(client.deleteTopic("b"));
    await machine.until(client.create("c", "ephemeral"));
    await machine.until(client.append("c", 2));
    await machine.until(client.deleteTopic("c"));
    await machine.until(client.create("c", "memory"));
    await machine.until(client.append("c", 1));
    await machine.judge("none");
  },
};
