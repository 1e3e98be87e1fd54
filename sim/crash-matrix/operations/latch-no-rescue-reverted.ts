/** A sync fails and takes back what it covered, and so does the rescue's: what was acked is gone, and every start tells. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { expect, started } from "../setup.ts";

export const operation: Operation = {
  name: "latch-no-rescue-reverted",
  server: { shards: 1, wal: smallFiles },
  faults: ["datasync(wal-)#2:EIO:B:forever"],
  // The cache gave up what it held.
  cacheIsNoWitness: true,
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("disk", "disk"));
    await machine.until(machine.client.create("fsync", "fsync"));
    await machine.until(machine.client.append("disk", 2));
    await machine.pass(400);
    machine.oracle.settle();
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.append("fsync", 1));
    await machine.until(client.append("disk", 2));
    const failed = await machine.until(client.append("fsync", 3));
    expect(failed === "unknown", `the outcome is unknown, and not ${failed ?? "acked"}`);
    await machine.pass(500);
    expect(
      machine.events.some((event) => event.type === "wal-latched" && !event.rescued),
      "the rescue fails",
    );
  },
};
