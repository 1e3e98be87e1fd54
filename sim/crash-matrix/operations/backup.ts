/** A backup while writes, seals and deletes go on: whatever becomes of it, the directory is as if there had been none. */
import type { Operation } from "../operation.ts";
import { awaitEvents, expect, quiet, started, tinyStorage } from "../setup.ts";
import { smallFiles } from "../machine.ts";

export const operation: Operation = {
  name: "backup",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage({ backupDirectory: "/backups" }) },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    for (const topic of ["one", "two", "three"])
      for (let count = 0; count < 4; count++) await machine.until(client.append(topic, 3, { tag: `t${count}` }));
    await machine.until(client.deleteTag("one", "t2"));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.deleteTag("two", "t1"));
    await quiet(machine);
  },
  run: async (machine) => {
    const { client, engine } = machine;
    await machine.until(
      Promise.all([
        engine.backup("b"),
        client.append("one", 2),
        client.append("two", 5, { tag: "t1" }),
        client.deleteTag("three", "t*"),
      ]),
    );
    await machine.until(client.append("three", 1));
    expect(machine.disk.files().includes("/backups/b/MANIFEST"), "the backup is made");
  },
};
