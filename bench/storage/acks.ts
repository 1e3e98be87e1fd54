/**
 * Acks of single `fsync` appends while tails are sealed, checkpoints written and dead segments rewritten (spec 6.3, 6.4),
 * against the same without: pairs in turn, on one engine, so that a bad minute of the machine falls on both.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { RecordBatch } from "../../src/base/record-batch.ts";
import { Histogram } from "../histogram.ts";
import { median } from "../row.ts";
import { batchOf, inParallel, madeBatches, Opened } from "./opened.ts";
import { count, ms, type FigureRow, type Scenario, type Steps } from "./scenario.ts";

const pairs = 7;
const measureMs = 4000;
const bulkTopics = 20;
const preloaded = 600_000;
const bulkBatch = 500;
const never = 2 ** 40;

interface Task {
  readonly directory: string;
  /** Records a second that are written to other topics all the time. */
  readonly beside: number;
}

interface Acks {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly acks: number;
}

interface Pair {
  readonly without: Acks;
  readonly with: Acks;
  readonly sealed: number;
  readonly rewritten: number;
  readonly checkpoints: number;
}

async function measure({ directory, beside }: Task): Promise<Pair[]> {
  // A tail that grows past a threshold says so by itself: with this one only who looks finds that it is due.
  const opened = await Opened.open({ directory, storage: { segmentMaxRecords: never } });
  const { engine } = opened;
  await engine.configureTopic("acks", { durability: "fsync" }, "put");
  const tag = (i: number): string => `t${i % 10}`;
  const bulk = madeBatches({ batches: 200, records: bulkBatch, payloadBytes: 100, tag });
  const one = madeBatches({ batches: 64, records: 1, payloadBytes: 64 });
  const found: Pair[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    pauseWork(opened);
    // Most of what was sealed in the pair before is dead from now on, and rewritten when there is work again.
    for (let topic = 0; topic < bulkTopics && pair > 0; topic++)
      for (let dead = 0; dead < 9; dead++)
        await engine.deleteRecords(`bulk-${topic}`, { beforeSeq: undefined, match: { op: "Eq", value: `t${dead}` } });
    const records = beside > 0 ? 0 : preloaded;
    await inParallel(records / bulkBatch, 8, (i) => opened.append(`bulk-${i % bulkTopics}`, bulk[i % bulk.length]));
    // Whatever is still to be synced or sealed of that is over.
    await sleep(1500);
    const without = await ackLoop(opened, one, bulk, beside);
    const before = ["segment-sealed", "segment-rewritten", "checkpoint-written"] as const;
    const counts = before.map((type) => opened.count(type));
    resumeWork(opened);
    const busy = await ackLoop(opened, one, bulk, beside);
    const [sealed, rewritten, checkpoints] = before.map((type, i) => opened.count(type) - counts[i]);
    found.push({ without, with: busy, sealed, rewritten, checkpoints });
    await settle(opened);
  }
  await opened.close();
  return found;
}

function pauseWork({ config }: Opened): void {
  Object.assign(config, { segmentMaxRecords: never, checkpointMs: never, checkpointBytes: never, tailBytes: never });
}

/** Everything that has gathered is due, and a checkpoint twice a second. */
function resumeWork({ config }: Opened): void {
  Object.assign(config, {
    segmentMaxRecords: 10_000,
    checkpointMs: 0,
    checkpointBytes: 64 << 20,
    tailBytes: 256 << 20,
  });
}

async function settle(opened: Opened): Promise<void> {
  for (let checkpoints = 0; checkpoints < 3; checkpoints++) {
    await opened.append("other", batchOf([`{"data":0}`]));
    await opened.until("checkpoint-written");
  }
}

async function ackLoop(
  opened: Opened,
  one: readonly RecordBatch[],
  bulk: readonly RecordBatch[],
  beside: number,
): Promise<Acks> {
  const histogram = new Histogram();
  let max = 0;
  const end = performance.now() + measureMs;
  let running = true;
  const other = async (): Promise<void> => {
    const started = performance.now();
    for (let i = 0; running; i++) {
      const dueMs = started + (i * bulkBatch * 1000) / beside;
      if (dueMs > performance.now()) await sleep(dueMs - performance.now());
      await opened.append(`bulk-${i % bulkTopics}`, bulk[i % bulk.length]);
    }
  };
  const load = beside > 0 ? other() : undefined;
  for (let i = 0; performance.now() < end; i++) {
    const before = performance.now();
    await opened.append("acks", one[i % one.length]);
    const tookMs = performance.now() - before;
    histogram.record(tookMs * 1e6);
    max = Math.max(max, tookMs);
  }
  running = false;
  await load;
  return { p50: histogram.percentileMs(0.5), p99: histogram.percentileMs(0.99), max, acks: histogram.count };
}

export const steps: Steps = { acks: measure };

function rowsOf(what: string, found: readonly Pair[]): FigureRow[] {
  const of = (pick: (pair: Pair) => number): number => median(found.map(pick));
  const ratio = (pick: (acks: Acks) => number): number => of((pair) => pick(pair.with) / pick(pair.without));
  const total = (pick: (pair: Pair) => number): number => found.reduce((sum, pair) => sum + pick(pair), 0);
  const share = (name: "p50" | "p99", limit: number): FigureRow => {
    const value = ratio((acks) => acks[name]);
    return {
      what: `${what}: ${name} without → with, and the ratio (medians of pairs)`,
      figure: `${ms(of((pair) => pair.without[name]))} → ${ms(of((pair) => pair.with[name]))}, × ${value.toFixed(2)}`,
      target: `≤ × ${limit}`,
      met: value <= limit,
    };
  };
  return [
    share("p50", 1.5),
    share("p99", 2),
    {
      what: `${what}: longest ack, without → with`,
      figure: `${ms(Math.max(...found.map((pair) => pair.without.max)))} → ${ms(Math.max(...found.map((pair) => pair.with.max)))}`,
    },
    {
      what: `${what}: what went on in the ${pairs} busy halves`,
      figure: `${total(({ sealed }) => sealed)} segments sealed, ${total(({ rewritten }) => rewritten)} rewritten, ${total(({ checkpoints }) => checkpoints)} checkpoints`,
    },
  ];
}

export const scenario: Scenario = {
  name: "acks",
  title: "Single `fsync` appends while storage works",
  about: [
    `One writer in-process, one append after another; ${pairs} pairs of ${measureMs / 1000} s. In the first half of a pair nothing is sealed and no`,
    `checkpoint written. In the second, ${count(preloaded)} records that have gathered in ${bulkTopics} topics are sealed, a checkpoint is written`,
    "twice a second, and what the pair before sealed is made mostly dead by deletes and rewritten.",
  ],
  async run(context) {
    const alone = await context.step<Pair[]>("acks", { directory: await context.directory(), beside: 0 });
    const beside = 100_000;
    const loaded = await context.step<Pair[]>("acks", { directory: await context.directory(), beside });
    return [...rowsOf("nobody else writes", alone), ...rowsOf(`beside ${count(beside)} records/s`, loaded)];
  },
};
