/** No way leads back to where it began (3.3): by links from before a restart, nor by two that are asked for at once. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { expect, started } from "../setup.ts";

export const operation: Operation = {
  name: "router-cycle",
  server: { shards: 2, wal: smallFiles },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    for (const name of ["a", "b", "c", "x", "y"]) await machine.until(client.create(name, "disk"));
    await machine.until(client.route("a", "b"));
    await machine.until(client.route("b", "c"));
    await machine.stop();
    await machine.start();
    await machine.judge("clean");
  },
  run: async (machine) => {
    const { client } = machine;
    const back = await machine.until(client.route("c", "a"));
    expect(back === "router_cycle", `a way back is refused, behind a restart too, and not ${back ?? "made"}`);
    const both = await machine.until(Promise.all([client.route("x", "y"), client.route("y", "x")]));
    expect(both.filter((answer) => answer === "router_cycle").length === 1, "of two that would be a cycle one is made");
    await machine.until(Promise.all(["a", "x", "y"].map((name) => client.append(name, 2))));
    await machine.judge("none");
  },
};
