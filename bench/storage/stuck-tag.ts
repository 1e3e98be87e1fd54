/** What a queue with stuck jobs looks like: all but one record in ten thousand deleted by tag (spec 6.3). */
import { madeBatches, Opened, readRequest, inParallel, sizeOf } from "./opened.ts";
import type { DirectorySize } from "./opened.ts";
import { count, mib, ms, type Scenario, type Steps } from "./scenario.ts";

const topic = "jobs";
const total = 1_000_000;
const batchRecords = 1000;
const tags = 97;
const stuckEvery = 10_000;

interface Shrunk {
  readonly before: DirectorySize;
  readonly after: DirectorySize;
  readonly deletesMs: number;
  readonly shrunkAfterMs: number;
  readonly left: number;
  readonly liveBytes: number;
}

async function shrink({ directory }: { readonly directory: string }): Promise<Shrunk> {
  const opened = await Opened.open({ directory, storage: { checkpointMs: 1000 } });
  const { engine } = opened;
  const tag = (i: number): string => (i % stuckEvery === 0 ? "stuck" : `job${i % tags}`);
  const batches = madeBatches({ batches: total / batchRecords, records: batchRecords, payloadBytes: 64, tag });
  await inParallel(batches.length, 8, (i) => opened.append(topic, batches[i]));
  for (let checkpoints = 0; checkpoints < 2; checkpoints++) await checkpoint(opened);
  const before = await sizeOf(directory);
  const started = performance.now();
  for (let i = 0; i < tags; i++)
    await engine.deleteRecords(topic, { beforeSeq: undefined, match: { op: "Eq", value: `job${i}` } });
  const deletesMs = performance.now() - started;
  let after = await sizeOf(directory);
  let shrunkAfterMs = 0;
  for (let quiet = 0; quiet < 4; quiet++) {
    await checkpoint(opened);
    const now = await sizeOf(directory);
    if (now.segmentBytes + now.deleteBytes < after.segmentBytes + after.deleteBytes) {
      shrunkAfterMs = performance.now() - started;
      quiet = 0;
    }
    after = now;
  }
  const read = await engine.read(topic, readRequest(0, 1000));
  const { count: left } = read;
  read.release();
  if (left !== total / stuckEvery) throw new Error(`${left} records are left`);
  const liveBytes = engine.topicState(topic, false).bytes;
  await opened.close();
  return { before, after, deletesMs, shrunkAfterMs, left, liveBytes };
}

/** They come only while something is logged. */
async function checkpoint(opened: Opened): Promise<void> {
  await opened.append("other", madeBatches({ batches: 1, records: 1, payloadBytes: 2 })[0]);
  await opened.until("checkpoint-written");
}

export const steps: Steps = { "stuck-tag": shrink };

export const scenario: Scenario = {
  name: "stuck-tag",
  title: `${count(total)} tagged records, all deleted by tag but one in ${count(stuckEvery)}`,
  about: [
    "Two shards; a checkpoint every second (`TOPICS_CHECKPOINT_MS=1000`, for the default of a minute it takes longer).",
    "WAL files are prepared space: they do not shrink below what two shards keep ready.",
  ],
  async run(context) {
    const found = await context.step<Shrunk>("stuck-tag", { directory: await context.directory() });
    const { before, after, deletesMs, shrunkAfterMs, left, liveBytes } = found;
    const shown = (size: DirectorySize): string =>
      `${mib(size.segmentBytes)} in ${size.segments} segment files, .del ${mib(size.deleteBytes)}, WAL ${mib(size.walBytes)}`;
    const kept = after.segmentBytes + after.deleteBytes;
    return [
      { what: "on the disk before", figure: shown(before) },
      { what: `${tags} deletes by tag`, figure: `${ms(deletesMs)}, ${ms(deletesMs / tags)} each` },
      { what: "on the disk after", figure: shown(after) },
      { what: "shrunk so far after", figure: ms(shrunkAfterMs) },
      {
        what: "live",
        figure: `${left} records of ${count(liveBytes)} B; segments and .del are ${count(kept)} B`,
        target: "a small multiple",
        met: kept <= Math.max(20 * liveBytes, 64 << 10),
      },
    ];
  },
};
