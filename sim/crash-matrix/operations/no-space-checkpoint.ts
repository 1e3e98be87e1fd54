/** The disk is full when checkpoints are due: the old ones stay, the reserve is used, and all goes on when there is room. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, eventsOf, expect, started, tinyStorage } from "../setup.ts";

export const operation: Operation = {
  name: "no-space-checkpoint",
  mayWantSpace: true,
  server: { shards: 1, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("d", "disk"));
    await machine.until(client.create("f", "fsync"));
    await machine.until(client.append("d", 6, { tag: "t", padBytes: 1000 }));
    await awaitEvents(machine, "checkpoint-written", 1);
    await machine.until(client.append("d", 1));
    await awaitEvents(machine, "checkpoint-written", 1);
  },
  run: async (machine) => {
    const { client, disk } = machine;
    disk.setFreeBytes(0);
    let refused: string | undefined;
    for (let count = 0; count < 40 && refused === undefined; count++)
      refused = await machine.until(client.append(count % 2 === 0 ? "d" : "f", 2, { padBytes: 4000 }));
    expect(refused === "wal_unavailable", `a full disk refuses appends (${refused ?? "acked"})`);
    const written = eventsOf(machine, "checkpoint-written");
    expect((await machine.until(client.deleteTag("d", "t"))) === undefined, "deletes go on");
    await machine.pass(8000);
    expect(eventsOf(machine, "checkpoint-written") > written, "checkpoints go on from the reserve");
    await machine.judge("none");
    disk.setFreeBytes(1 << 30);
    await machine.pass(10_000);
    expect((await machine.until(client.append("d", 2))) === undefined, "appends resume");
    expect((await machine.until(client.append("f", 2))) === undefined, "appends resume");
    await awaitEvents(machine, "checkpoint-written");
    await machine.judge("none");
  },
};
