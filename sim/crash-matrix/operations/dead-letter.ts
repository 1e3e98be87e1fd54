/** Jobs that were delivered too often move to the dead letters: each is in one place afterwards, whatever happens on the way. */
import type { Operation } from "../operation.ts";
import { quiet, started } from "../setup.ts";
import { Workers } from "../workers.ts";

export const operation: Operation = {
  name: "dead-letter",
  setup: async (machine) => {
    await started(machine);
    const workers = new Workers(machine);
    const config = { type: "queue", maxDeliveries: 1, deadLetter: "dead" } as const;
    await machine.until(machine.client.create("q", "fsync", config));
    await machine.until(machine.client.append("q", 4, { tag: "t", node: "n" }));
    await machine.until(workers.claim("q", "a", 4, 100));
    await quiet(machine);
  },
  run: async (machine) => {
    await machine.until(new Workers(machine).bury("q", "dead", 1));
    await machine.judge("none");
  },
  verify: (machine) => Promise.resolve(Workers.verifyMoved(machine, ["q", "dead"], 4)),
};
