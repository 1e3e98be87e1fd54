/** Routers come and go, with and without their topics, while records are on their way. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { started, tinyStorage } from "../setup.ts";

export const operation: Operation = {
  name: "router-lifecycle",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage({ segmentMaxRecords: 12 }) },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    for (const name of ["a", "b", "c", "d"]) await machine.until(client.create(name, name === "c" ? "fsync" : "disk"));
    await machine.until(client.append("a", 2));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.route("a", "b"));
    await machine.until(Promise.all([client.append("a", 3, { tag: "x1" }), client.route("b", "c")]));
    await machine.until(client.route("a", "d", { prefix: "x" }));
    await machine.until(Promise.all([client.append("a", 1, { tag: "x2" }), client.append("a", 2, { tag: "y" })]));
    await machine.judge("none");
    await machine.until(Promise.all([client.append("a", 2, { tag: "x3" }), client.unroute("a", "b")]));
    await machine.until(client.append("a", 1, { tag: "x4" }));
    await machine.until(Promise.all([client.append("b", 1), client.route("a", "b")]));
    await machine.until(client.append("a", 1, { tag: "x5" }));
    await machine.judge("none");
    await machine.until(client.deleteTopic("a"));
    await machine.judge("none");
    await machine.until(client.append("b", 1));
    await machine.judge("none");
  },
};
