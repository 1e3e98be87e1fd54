/** The disk fills up: appends are refused, deletes go on, and appends resume when there is room. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { expect, started } from "../setup.ts";

export const operation: Operation = {
  name: "no-space",
  server: { shards: 1, wal: smallFiles },
  mayWantSpace: true,
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("d", "disk"));
    await machine.until(machine.client.create("f", "fsync"));
    await machine.until(machine.client.append("d", 3));
  },
  run: async (machine) => {
    const { client, disk } = machine;
    disk.setFreeBytes(8192);
    let refused: string | undefined;
    let count = 0;
    const keyed = (): { readonly topic: string; readonly key: string } => ({
      topic: count % 2 === 0 ? "d" : "f",
      key: `key-${count}`,
    });
    for (; count < 40; count++) {
      refused = await machine.until(client.append(keyed().topic, 2, { padBytes: 4000, key: keyed().key }));
      if (refused !== undefined) break;
    }
    expect(refused === "wal_unavailable", `a full disk refuses appends (${refused ?? "acked"})`);
    expect((await machine.until(client.deleteBefore("d", 3))) === undefined, "deletes go on");
    expect((await machine.until(client.deleteBefore("f", 3))) === undefined, "deletes go on");
    expect((await machine.until(client.append("f", 1, { padBytes: 4000 }))) === "wal_unavailable", "it is still full");
    await machine.judge("none");
    disk.setFreeBytes(1 << 30);
    await machine.pass(5000);
    const again = await machine.until(client.append(keyed().topic, 1, { key: keyed().key }));
    expect(again === undefined, "what was refused has left nothing of its key");
    expect((await machine.until(client.append("d", 1))) === undefined, "appends resume");
    expect((await machine.until(client.append("f", 2))) === undefined, "appends resume");
    await machine.judge("none");
  },
};
