/** From no directory to a server that takes writes. */
import type { Operation } from "../operation.ts";

export const operation: Operation = {
  name: "first-start",
  run: async (machine) => {
    await machine.start();
    await machine.judge("none");
    await machine.until(machine.client.append("a", 1));
  },
};
