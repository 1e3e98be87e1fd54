/** Tails that take all the memory they may (spec 6.3): who appends waits until there is room, and no longer. */
import assert from "node:assert/strict";
import { SimulatedDisk } from "../sim/disk/disk.ts";
import { Scheduler } from "../sim/scheduler.ts";
import { scheduledCompletions } from "../sim/scheduled-completions.ts";
import { SimEnv } from "../sim/sim-env.ts";
import { openEngine } from "../src/engine/engine.ts";
import { defaultStorageConfig, type StorageConfig } from "../src/engine/storage-config.ts";
import { defaultWalConfig } from "../src/wal/config.ts";
import { appendRequest } from "./engine-run.ts";

const directory = "/data";
const topics = 40;

describe("an append that finds tails full", () => {
  it("waits for the next file, and not for all tails that are due", async () => {
    const scheduler = new Scheduler({ seed: 1 });
    const disk = new SimulatedDisk({ directories: [directory], completions: scheduledCompletions(scheduler) });
    const env = new SimEnv({ disk, scheduler, seed: 1 });
    const storage: { -readonly [Key in keyof StorageConfig]: StorageConfig[Key] } = {
      ...defaultStorageConfig,
      reserveBytes: 64 << 10,
    };
    let sealed = 0;
    const opening = openEngine(
      env,
      {
        directory,
        shards: 1,
        shardsAsked: false,
        wal: { ...defaultWalConfig, fileBytes: 1 << 20 },
        storage,
        maxTopics: 0,
        maxIdempotencyKeys: 0,
      },
      {
        events: ({ type }) => (sealed += type === "segment-sealed" ? 1 : 0),
        crash: (error) => {
          throw error;
        },
      },
    );
    const engine = await scheduler.settle(opening);
    await scheduler.settle(engine.recover());
    const records = Array.from({ length: 30 }, (_, n) => ({ data: `${n}`.padEnd(200) }));
    for (let number = 0; number < topics; number++)
      await scheduler.settle(engine.append(`topic-${number}`, appendRequest({ records })));
    // Each tail is due from now on, which the engine finds out by itself.
    storage.segmentMaxRecords = 10;
    await scheduler.runWhile(() => sealed === 0);
    storage.tailBytes = engine.figures().tailBytes - 1;
    const before = sealed;
    await scheduler.settle(engine.append("topic-0", appendRequest({ records: records.slice(0, 1) })));
    const waitedFor = sealed - before;
    assert.ok(waitedFor >= 1, "it waits while there is no room");
    assert.ok(waitedFor <= 3, `it waits for ${waitedFor} files of ${topics}`);
    await scheduler.settle(engine.close(60_000));
  });
});
