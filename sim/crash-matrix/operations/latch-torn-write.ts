/** A write fails with `EIO` when a part of it has landed. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { expect, started } from "../setup.ts";

export const operation: Operation = {
  name: "latch-torn-write",
  server: { shards: 1, wal: smallFiles },
  faults: ["write(wal-)#2:after=700:EIO"],
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("disk", "disk"));
    await machine.until(machine.client.append("disk", 2));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.append("disk", 2));
    const failed = await machine.until(client.append("disk", 3, { padBytes: 900, key: "k" }));
    expect(failed === "wal_unavailable", `an append whose write failed is refused, and not ${failed ?? "acked"}`);
    // Were it taken, the shorter frame would end before what is left of the longer ones.
    await machine.until(client.append("disk", 1));
    await machine.pass(500);
    await machine.judge("none");
  },
};
