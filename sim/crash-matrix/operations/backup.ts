/**
 * A backup while writes, seals and deletes go on: whatever becomes of it, the directory is as if there had been none, and by
 * the backup's name there is all of it or nothing.
 */
import { examine, type Image } from "../examine.ts";
import { type Files, filesIn, wholeOrAbsent } from "../tool.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, expect, quiet, started, tinyStorage } from "../setup.ts";
import { Machine, smallFiles } from "../machine.ts";

let made: Files = new Map();

/** A start removes what was not finished, and the next backup is made. */
async function removesLeftovers({ disk, oracle, server, id, wallMs }: Image): Promise<void> {
  const machine = new Machine({ disk: disk.clone(), oracle: oracle.clone(), config: server, seed: id, wallMs });
  await machine.start();
  const left = machine.disk.files().filter((path) => path.startsWith("/backups/."));
  expect(left.length === 0, `nothing is left behind: ${left.join(" ")}`);
  await machine.until(machine.engine.backup("next"));
  machine.check();
}

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
    made = filesIn(machine.disk, ["/backups/b"]);
    expect(made.has("/backups/b/MANIFEST"), "the backup is made");
  },
  examine: async (image, depth) => {
    wholeOrAbsent(image.disk, "/backups/b", made, image.isOver);
    await removesLeftovers(image);
    return examine(image, depth);
  },
};
