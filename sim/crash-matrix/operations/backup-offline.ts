/** `topics backup DIR TARGET` of a directory whose server was killed: through the start that a server would make of it. */
import { backup } from "../../../src/maintenance/backup.ts";
import { noProgress } from "../../../src/maintenance/progress.ts";
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, quiet, started, tinyStorage } from "../setup.ts";
import { toolOperation } from "../tool.ts";

export const operation: Operation = toolOperation({
  name: "backup-offline",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage() },
  sources: ["/data"],
  target: "/copy",
  prepare: async (machine) => {
    await started(machine);
    const { client } = machine;
    for (const topic of ["one", "two", "three"]) {
      // No loss of power takes anything from it: every attempt has to make the same.
      await machine.until(client.create(topic, "fsync"));
      for (let count = 0; count < 3; count++) await machine.until(client.append(topic, 3, { tag: `t${count}` }));
    }
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.deleteTag("one", "t1"));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.append("two", 5, { key: "k" }));
    await machine.until(client.deleteBefore("three", 3));
    await quiet(machine);
  },
  run: async (env) => {
    await backup({ env, directory: "/data", cold: undefined, target: "/copy", progress: noProgress });
  },
});
