/** Records are deleted and evicted while they are being sealed, and calls overtake each other. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { eventsOf, expect, started, tinyStorage } from "../setup.ts";

const names = ["free", "capped", "weighed", "synced"];

export const operation: Operation = {
  name: "seal-meanwhile",
  order: "shuffled",
  seeds: 2,
  server: { shards: 1, wal: smallFiles, storage: tinyStorage({ cacheBytes: 8 << 10 }) },
  setup: async (machine) => {
    await started(machine);
    const { client } = machine;
    await machine.until(client.create("free", "disk"));
    await machine.until(client.create("capped", "disk", { capRecords: 7 }));
    await machine.until(client.create("weighed", "fsync", { capBytes: 1500 }));
    await machine.until(client.create("synced", "fsync"));
  },
  run: async (machine) => {
    const { client } = machine;
    for (let round = 0; round < 5; round++) {
      await machine.until(
        Promise.all(
          names.flatMap((name, at) => [
            client.append(name, 3, { tag: `t:${round % 2}`, padBytes: 40 * at }),
            client.append(name, 2, { tag: "u" }),
            ...(round % 2 === at % 2 ? [client.deleteTag(name, round % 3 === 0 ? "u" : "t:*")] : []),
            ...(round === 3 ? [client.deleteBefore(name, 6 + at)] : []),
          ]),
        ),
      );
      await machine.judge("none");
      await machine.pass(round === 2 ? 1300 : 3);
    }
    expect(eventsOf(machine, "segment-sealed") > 3, "tails are sealed");
    await machine.judge("none");
  },
};
