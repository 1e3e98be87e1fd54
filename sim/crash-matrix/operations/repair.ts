/** `topics repair DIR --to NEWDIR` of a directory with damage in a segment, a delete file, a checkpoint and the log. */
import { noProgress } from "../../../src/maintenance/progress.ts";
import { repair } from "../../../src/maintenance/repair/repair.ts";
import type { SimulatedDisk } from "../../disk/disk.ts";
import { type Machine, smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { awaitEvents, expect, quiet, started, tinyStorage } from "../setup.ts";
import { toolOperation } from "../tool.ts";

/** One byte is another, as far into what was written of the file as `share` says. */
function spoil(disk: SimulatedDisk, pattern: RegExp, share: number): void {
  const path = disk.files().find((one) => pattern.test(one) && disk.contents(one).some((byte) => byte !== 0));
  expect(path !== undefined, `there is a file like ${String(pattern)}`);
  disk.damage(path!, (bytes) => {
    bytes[Math.floor(bytes.findLastIndex((byte) => byte !== 0) * share)] ^= 0x10;
    return bytes;
  });
}

async function fill(machine: Machine): Promise<void> {
  const { client } = machine;
  for (let count = 0; count < 4; count++)
    for (const topic of ["one", "two", "three"])
      await machine.until(client.append(topic, 3, { tag: `t${count}`, padBytes: 100 }));
}

export const operation: Operation = toolOperation({
  name: "repair",
  server: { shards: 2, wal: smallFiles, storage: tinyStorage() },
  sources: ["/data"],
  target: "/new",
  prepare: async (machine) => {
    await started(machine);
    const { client } = machine;
    // Of a class that no loss of power takes anything from: every attempt has to make the same.
    for (const topic of ["one", "two", "three"]) await machine.until(client.create(topic, "fsync"));
    await fill(machine);
    await machine.pass(20);
    await machine.until(client.deleteTag("one", "t1"));
    await machine.until(client.deleteTag("two", "t2"));
    await awaitEvents(machine, "checkpoint-written");
    await fill(machine);
    await awaitEvents(machine, "checkpoint-written");
    await machine.until(client.append("two", 2, { key: "k" }));
    await machine.until(client.append("three", 1));
    await quiet(machine);
    // No clean stop: its checkpoint would have everything, and the log is to be read, too.
  },
  damage: (disk) => {
    spoil(disk, /\.seg$/, 0.3);
    spoil(disk, /\.del$/, 0.8);
    spoil(disk, /ckpt-0+3\.ckpt$/, 0.5);
    spoil(disk, /wal-.*\.log$/, 0.9);
  },
  run: async (env) => {
    const report = await repair({ env, directory: "/data", cold: undefined, target: "/new", progress: noProgress });
    expect(report.outcome === "ok" && report.damaged.length >= 4, `it repairs: ${JSON.stringify(report)}`);
  },
});
