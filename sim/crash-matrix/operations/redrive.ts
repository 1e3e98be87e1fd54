/** Dead letters go back to where they came from: each is in one place afterwards, whatever happens on the way. */
import type { Operation } from "../operation.ts";
import { quiet, started } from "../setup.ts";
import { Workers } from "../workers.ts";

export const operation: Operation = {
  name: "redrive",
  setup: async (machine) => {
    await started(machine);
    const workers = new Workers(machine);
    const config = { type: "queue", maxDeliveries: 1, deadLetter: "dead" } as const;
    await machine.until(machine.client.create("q", "fsync", config));
    await machine.until(machine.client.append("q", 3));
    await machine.until(workers.claim("q", "a", 3, 100));
    await quiet(machine);
    await machine.until(workers.bury("q", "dead", 1));
    await machine.judge("none");
  },
  run: async (machine) => {
    await machine.until(new Workers(machine).redrive("dead", "q"));
    await machine.judge("none");
  },
  verify: (machine) => Promise.resolve(Workers.verifyMoved(machine, ["q", "dead"], 3)),
};
