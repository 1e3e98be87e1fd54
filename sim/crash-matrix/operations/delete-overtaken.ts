/**
 * Deletes by tag that have to look into sealed parts, and appends that overtake them with the same tag: what came after the
 * call stays, also when the log, in which it stands before the delete, is replayed (spec 1.7).
 */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, started, tinyStorage } from "../setup.ts";

export const operation: Operation = {
  name: "delete-overtaken",
  server: { shards: 1, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("d", "disk"));
    for (const tag of ["a", "b", "a"]) await machine.until(client.append("d", 4, { tag }));
    await awaitEvents(machine, "segment-sealed");
    machine.oracle.settle();
  },
  run: async (machine) => {
    const { client } = machine;
    for (const tag of ["a", "b"]) {
      const deleting = client.deleteTag("d", tag);
      await machine.until(Promise.all([deleting, client.append("d", 2, { tag }), client.append("d", 1)]));
      await machine.judge("none");
      await machine.until(client.append("d", 1, { tag }));
    }
    await machine.judge("none");
  },
};
