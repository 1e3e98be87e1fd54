/** A destination that is full and refuses copies: they wait, and none of them is skipped when there is room again (3.2). */
import type { Operation } from "../operation.ts";
import { expect, quiet, started } from "../setup.ts";

export const operation: Operation = {
  name: "router-dest-full",
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("source", "fsync"));
    await machine.until(machine.client.create("dest", "fsync", { capRecords: 3, discard: "reject" }));
    await machine.until(machine.client.route("source", "dest", { prefix: "t:" }));
    await machine.until(machine.client.append("source", 2, { tag: "t:old" }));
    await quiet(machine);
  },
  run: async (machine) => {
    const { client } = machine;
    for (let count = 0; count < 3; count++) await machine.until(client.append("source", 1, { tag: "t:new" }));
    // What nobody wants is no reason to try again at once.
    await machine.until(client.append("source", 5, { tag: "other" }));
    await machine.pass(500);
    const paused = machine.routers().filter(({ pausedBy }) => pausedBy === "dest_full");
    expect(paused.length === 1, "the router waits for room");
    expect((await machine.until(client.deleteTag("dest", "t:old"))) === undefined, "what was copied is deleted");
    await machine.pass(3000);
    await machine.judge("none");
    expect(machine.routers()[0]?.lag === 0, "what waited has been copied");
  },
};
