/** The sync with which a full file is left fails: latch and rescue, and no successor that declares what never was synced. */
import { smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { eventsOf, expect, started } from "../setup.ts";

/** So long that no sync comes but those of rotations, and of what runs too far ahead of the device. */
const diskSyncMs = 60_000;

export const operation: Operation = {
  name: "rotation-sync-fails",
  server: { shards: 1, wal: { ...smallFiles, diskSyncMs } },
  faults: ["datasync(wal-00-00000001)#4:EIO:B"],
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("d", "disk"));
  },
  run: async (machine) => {
    const { client } = machine;
    let refused = 0;
    for (let count = 0; count < 24; count++)
      if ((await machine.until(client.append("d", 1, { padBytes: 3000 }))) !== undefined) refused++;
    await machine.pass(200);
    expect(eventsOf(machine, "wal-latched") === 1, "the shard is latched");
    expect(refused > 0, "a latched shard takes nothing");
    await machine.judge("none");
  },
};
