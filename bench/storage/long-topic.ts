/**
 * One topic that is much longer than memory (spec 6.3, 8.7): written, read in order and at random places, restarted after a
 * clean stop and after a kill. Memory is that of the process that does it, throughout.
 */
import { diffLoad } from "./http-reads.ts";
import { madeBatches, Opened, peakRss, readAtRandom, readInOrder, inParallel, sizeOf } from "./opened.ts";
import { atMost, count, type FigureRow, mib, ms, perSecond, type Scenario, type Steps } from "./scenario.ts";

const topic = "long";
const batchRecords = 1000;
const writers = 16;
const randomReads = 10_000;
const rssLimit = 512 * 2 ** 20;

interface Task {
  readonly directory: string;
  readonly records: number;
}

interface Written {
  readonly perSecond: number;
  readonly peakRss: number;
  readonly closeMs: number;
  readonly segments: number;
  readonly bytes: number;
}

interface Restarted {
  readonly openMs: number;
  readonly rssThen: number;
  readonly inOrder: number;
  readonly atRandom: number;
  readonly peakRss: number;
}

async function write(opened: Opened, records: number): Promise<number> {
  const batches = madeBatches({ batches: 64, records: batchRecords, payloadBytes: 100 });
  const started = performance.now();
  await inParallel(records / batchRecords, writers, (i) => opened.append(topic, batches[i % batches.length]));
  return records / ((performance.now() - started) / 1000);
}

async function fill({ directory, records }: Task): Promise<Written> {
  const opened = await Opened.open({ directory });
  const rate = await write(opened, records);
  const closeMs = await opened.close();
  const { segments, bytes } = await sizeOf(directory);
  return { perSecond: rate, peakRss: peakRss(), closeMs, segments, bytes };
}

/** Leaves behind what a kill finds: 200 000 records more than what was there. */
async function restart({ directory, records }: Task): Promise<Restarted> {
  const opened = await Opened.open({ directory });
  const rssThen = process.memoryUsage.rss();
  const { headSeq } = opened.engine.topicState(topic, false);
  if (headSeq !== records) throw new Error(`${headSeq} records are there instead of ${records}`);
  const inOrder = await readInOrder(opened.engine, topic, records);
  const atRandom = await readAtRandom(opened.engine, topic, records, randomReads);
  await write(opened, moreRecords);
  return { openMs: opened.openMs, rssThen, inOrder, atRandom, peakRss: peakRss() };
}

const moreRecords = 200_000;

export const steps: Steps = { "long-topic-fill": fill, "long-topic-restart": restart };

export function longTopic(name: string, records: number, about: readonly string[], overHttp: boolean): Scenario {
  return {
    name,
    title: `One topic of ${count(records)} records of 100 B`,
    about,
    async run(context) {
      const directory = await context.directory();
      const written = await context.step<Written>("long-topic-fill", { directory, records });
      context.progress(`written at ${perSecond(written.perSecond)}, peak ${mib(written.peakRss)}`);
      const clean = await context.step<Restarted>("long-topic-restart", { directory, records });
      context.progress(`clean start ${ms(clean.openMs)}, in order ${perSecond(clean.inOrder)}`);
      const killed = await context.step<Restarted>("long-topic-restart", { directory, records: records + moreRecords });
      const rows: FigureRow[] = [
        { what: `written, ${writers} writers × batch ${batchRecords}, \`disk\``, figure: perSecond(written.perSecond) },
        atMost("peak RSS while it was written and stopped", written.peakRss, rssLimit, mib),
        { what: "clean stop", figure: ms(written.closeMs) },
        { what: "in the directory then", figure: `${mib(written.bytes)}, ${count(written.segments)} segment files` },
        // The contract speaks of ten million records.
        records > 10_000_000
          ? { what: "start after the clean stop, lock to ready", figure: ms(clean.openMs) }
          : atMost("start after the clean stop, lock to ready", clean.openMs, 1000, ms),
        { what: "RSS then", figure: mib(clean.rssThen) },
        { what: "read in order, 1000 at a time", figure: perSecond(clean.inOrder) },
        { what: "read at random places, 10 records each", figure: perSecond(clean.atRandom, "reads") },
        atMost("peak RSS of all that, and 200,000 records more", clean.peakRss, rssLimit, mib),
        { what: "start after `kill -9` behind them", figure: ms(killed.openMs) },
        { what: "read in order then", figure: perSecond(killed.inOrder) },
        { what: "read at random places then", figure: perSecond(killed.atRandom, "reads") },
        atMost("peak RSS of that", killed.peakRss, rssLimit, mib),
      ];
      if (!overHttp) return rows;
      const load = await diffLoad({ directory, topic, records, settings: {} });
      return [
        ...rows,
        { what: "diff of 1000 over HTTP, 8 connections over all of it, for 10 s", figure: perSecond(load.perSecond) },
        { what: "its p50 and p99", figure: `${ms(load.p50Ms)}, ${ms(load.p99Ms)}` },
        { what: "start of the program on it, spawn to ready", figure: ms(load.readyAfterMs) },
        atMost("peak RSS of the server", load.peakRss, rssLimit, mib),
      ];
    },
  };
}

export const scenarios: readonly Scenario[] = [
  longTopic("long-topic", 50_000_000, ["Two shards; every process of the row is a new one."], true),
  longTopic(
    "clean-start",
    10_000_000,
    ["The same with fewer records: what a start takes does not depend on them."],
    false,
  ),
];
