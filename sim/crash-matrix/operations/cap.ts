/** Caps evict with every write: by number, by bytes, and one write larger than the cap. */
import type { Operation } from "../operation.ts";
import { started } from "../setup.ts";

export const operation: Operation = {
  name: "cap",
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("n", "disk", { capRecords: 5 }));
    await machine.until(client.create("b", "fsync", { capBytes: 600 }));
    await machine.until(client.append("n", 4, { tag: "t" }));
    await machine.until(client.append("b", 4, { padBytes: 50 }));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(Promise.all([client.append("n", 3), client.append("b", 3, { padBytes: 50 })]));
    await machine.until(client.deleteTag("n", "t"));
    await machine.until(Promise.all([client.append("n", 7), client.append("b", 1, { padBytes: 900 })]));
    await machine.until(Promise.all([client.append("n", 1), client.append("b", 1)]));
    await machine.pass(150);
    await machine.until(client.append("n", 2));
    await machine.judge("none");
  },
};
