/** `topics restore` to a moment behind a backup, with an archive and the live directory at hand. */
import { noProgress } from "../../../src/maintenance/progress.ts";
import { restore } from "../../../src/maintenance/restore/restore.ts";
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, expect, started, tinyStorage } from "../setup.ts";
import { toolOperation } from "../tool.ts";

export const operation: Operation = toolOperation({
  name: "restore",
  server: {
    shards: 2,
    wal: { ...smallFiles, archiveDirectory: "/archive" },
    storage: tinyStorage({ backupDirectory: "/backups" }),
  },
  sources: ["/data", "/backups", "/archive"],
  target: "/restored",
  prepare: async (machine) => {
    await started(machine);
    const { client } = machine;
    for (const topic of ["one", "two"])
      for (let count = 0; count < 3; count++) await machine.until(client.append(topic, 3, { tag: `t${count}` }));
    await machine.until(client.deleteTag("one", "t1"));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(machine.engine.backup("b"));
    for (let count = 0; count < 4; count++) await machine.until(client.append("two", 20, { padBytes: 900 }));
    await machine.until(client.deleteTag("two", "t0"));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.append("two", 3));
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.append("one", 2, { key: "k" }));
    await machine.until(client.append("moment", 1));
    expect(
      machine.disk.files().some((path) => path.startsWith("/archive/")),
      "some of the log is in the archive alone",
    );
    await machine.until(client.append("one", 5));
    await machine.until(client.deleteBefore("two", 30));
    await machine.stop();
  },
  run: async (env) => {
    await restore({
      env,
      backup: "/backups/b",
      to: "/restored",
      archive: "/archive",
      until: "moment@1",
      live: "/data",
      seqGap: undefined,
      progress: noProgress,
    });
  },
});
