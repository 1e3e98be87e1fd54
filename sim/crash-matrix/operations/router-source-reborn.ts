/** A source is deleted and made again, with a router whose copies have keys: the new one's records are no repeats (3.4). */
import type { Operation } from "../operation.ts";
import { expect, quiet, started } from "../setup.ts";

export const operation: Operation = {
  name: "router-source-reborn",
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("source", "fsync"));
    await machine.until(machine.client.create("dest", "fsync"));
    await machine.until(machine.client.route("source", "dest", { exactlyOnce: true }));
    await machine.until(machine.client.append("source", 3));
    await quiet(machine);
  },
  run: async (machine) => {
    const { client } = machine;
    expect((await machine.until(client.deleteTopic("source"))) === undefined, "the source is deleted");
    expect((await machine.until(client.create("source", "fsync"))) === undefined, "the source is made again");
    expect((await machine.until(client.route("source", "dest", { exactlyOnce: true }))) === undefined, "it is routed");
    await machine.until(client.append("source", 3));
    await machine.pass(200);
    await machine.judge("none");
  },
};
