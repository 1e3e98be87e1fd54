/**
 * A record a minute in each of many topics, for hours (spec 6.3): neither its age nor its neighbours make a file, or a part,
 * of every few records. Everything that counts in bytes is scaled to the number of topics, as if they were 100 000.
 */
import assert from "node:assert/strict";
import { openEngine, type RunningEngine } from "../src/engine/engine.ts";
import { defaultStorageConfig } from "../src/engine/storage-config.ts";
import { openSegment } from "../src/segment/reader.ts";
import { defaultWalConfig } from "../src/wal/config.ts";
import { SimulatedDisk } from "../sim/disk/disk.ts";
import { Scheduler } from "../sim/scheduler.ts";
import { SimEnv } from "../sim/sim-env.ts";
import { appendRequest } from "./engine-run.ts";
import { exhaustive } from "./sweep/effort.ts";

const directory = "/data";
const topics = exhaustive ? 400 : 40;
const hours = exhaustive ? 48 : 8;
const share = topics / 100_000;
const minuteMs = 60_000;
/** Eight neighbours of a size become one of the next: some of each size, and what only a kept checkpoint still names. */
const mostPartsEach = 32;
const mostFiles = 1000;

async function started(env: SimEnv): Promise<RunningEngine> {
  const { tailBytes, checkpointBytes, segmentMaxAgeMs } = defaultStorageConfig;
  assert.equal(segmentMaxAgeMs, 60 * minuteMs, "the default age is an hour");
  const engine = await openEngine(
    env,
    {
      directory,
      shards: 2,
      shardsAsked: false,
      wal: { ...defaultWalConfig, fileBytes: 64 << 10 },
      storage: {
        ...defaultStorageConfig,
        tailBytes: Math.round(tailBytes * share),
        checkpointBytes: Math.round(checkpointBytes * share),
      },
      maxTopics: 0,
      maxIdempotencyKeys: 0,
    },
    {
      events: (event) => assert.ok(!/failed|damaged/.test(event.type), JSON.stringify(event)),
      crash: (error) => {
        throw error;
      },
    },
  );
  await engine.recover();
  return engine;
}

/** In all segment files, those that a kept checkpoint alone still needs included. */
async function partsOn(disk: SimulatedDisk, env: SimEnv): Promise<number> {
  let parts = 0;
  for (const path of disk.files().filter((name) => name.endsWith(".seg"))) {
    const opened = await openSegment(env, path);
    assert.equal(opened.outcome, "segment");
    if (opened.outcome !== "segment") continue;
    parts += opened.segment.parts?.length ?? 0;
    await opened.segment.close();
  }
  return parts;
}

describe("a record a minute in each of many topics", () => {
  it("leaves few files and few parts, however long it goes on", async function () {
    this.timeout(exhaustive ? 1_800_000 : 60_000);
    const disk = new SimulatedDisk({ directories: [directory], rules: [] });
    const scheduler = new Scheduler({ seed: 1 });
    const env = new SimEnv({ disk, scheduler, seed: 1 });
    const engine = await scheduler.settle(started(env));
    const body = appendRequest({ records: [{ data: "x".repeat(60), tag: "t" }] });
    const [files, parts]: number[][] = [[], []];
    for (let minute = 0; minute < hours * 60; minute++) {
      const appended = Array.from({ length: topics }, (_, number) => engine.append(`topic-${number}`, body));
      await scheduler.settle(Promise.all(appended));
      await scheduler.pass(minuteMs);
      if (minute % 60 < 59) continue;
      files.push(disk.files().length);
      parts.push(await partsOn(disk, env));
    }
    const shown = JSON.stringify({ files, parts });
    assert.ok(Math.max(...files) < mostFiles, shown);
    assert.ok(Math.max(...parts) < topics * mostPartsEach, shown);
    await scheduler.settle(engine.close(60_000));
    disk.checkRules();
  });
});
