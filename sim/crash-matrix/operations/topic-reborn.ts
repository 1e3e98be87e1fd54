/** Topics are deleted and made again between checkpoints: what replay meets of the old ones is theirs, and gone. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, eventsOf, expect, started, tinyStorage } from "../setup.ts";

export const operation: Operation = {
  name: "topic-reborn",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage() },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    for (const name of ["a", "b", "c"]) await machine.until(client.append(name, 6, { tag: "old", key: "k" }));
    await machine.until(client.append("stays", 1));
    await awaitEvents(machine, "checkpoint-written");
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.append("a", 2));
    await machine.until(client.deleteTopic("a"));
    await machine.until(client.create("a", "fsync"));
    await machine.until(client.append("a", 1, { key: "k" }));
    await machine.until(client.deleteTopic("b"));
    await awaitEvents(machine, "checkpoint-written");
    await machine.judge("none");
    await machine.until(client.append("b", 5));
    await machine.until(client.append("stays", 1));
    await machine.until(client.deleteTopic("c"));
    await machine.until(client.append("c", 2));
    await machine.until(client.deleteTopic("c"));
    await awaitEvents(machine, "checkpoint-written", 2);
    await machine.until(client.append("c", 4));
    await machine.until(client.append("stays", 1));
    await awaitEvents(machine, "checkpoint-written");
    expect(eventsOf(machine, "segments-removed") > 1, "what only deleted topics needed goes");
    await machine.judge("none");
  },
};
