/** A hundred thousand small topics (spec 6.3, 8.7): files, memory, starts and lists. */
import { batchOf, inParallel, Opened, peakRss, readRequest, sizeOf } from "./opened.ts";
import { atMost, count, type FigureRow, mib, ms, type Scenario, type Steps } from "./scenario.ts";

const topics = 100_000;
const recordsEach = 10;
const payload = "y".repeat(40);
const rssLimit = 700 * 2 ** 20;

interface FillTask {
  readonly directory: string;
  readonly tagged: boolean;
}

interface Filled {
  readonly seconds: number;
  readonly peakRss: number;
  readonly files: number;
  readonly listMs: number;
  readonly closeMs: number;
}

interface Started {
  readonly openMs: number;
  readonly rss: number;
  readonly list100Ms: number;
  readonly list1000Ms: number;
  readonly readMs: number;
  readonly files: number;
}

function nameOf(number: number): string {
  return `topic-${number}`;
}

async function fill({ directory, tagged }: FillTask): Promise<Filled> {
  const opened = await Opened.open({ directory });
  const started = performance.now();
  await inParallel(topics, 64, (number) => {
    const label = (i: number): string => (tagged ? `,"tag":"t${number}-${i}"` : "");
    const records = Array.from({ length: recordsEach }, (_, i) => `{"data":"${payload}${number}"${label(i)}}`);
    return opened.append(nameOf(number), batchOf(records));
  });
  const seconds = (performance.now() - started) / 1000;
  const listMs = listTime(opened, 100);
  const closeMs = await opened.close();
  return { seconds, peakRss: peakRss(), files: (await sizeOf(directory)).files, listMs, closeMs };
}

async function start({ directory }: { readonly directory: string }): Promise<Started> {
  const opened = await Opened.open({ directory });
  const [list100Ms, list1000Ms] = [listTime(opened, 100), listTime(opened, 1000)];
  const reads = 1000;
  const before = performance.now();
  for (let i = 0; i < reads; i++) {
    const read = await opened.engine.read(nameOf(i * 97), readRequest(0, 1000));
    if (read.count < recordsEach) throw new Error(`${read.count} records are in ${nameOf(i * 97)}`);
    read.release();
  }
  const readMs = (performance.now() - before) / reads;
  const { files } = await sizeOf(directory);
  // For the kill behind this: some of them written to again.
  const more = batchOf([`{"data":"${payload}"}`]);
  await inParallel(10_000, 64, (number) => opened.append(nameOf(number * 10), more));
  return { openMs: opened.openMs, rss: process.memoryUsage.rss(), list100Ms, list1000Ms, readMs, files };
}

/** The longest of several. */
function listTime({ engine }: Opened, pageSize: number): number {
  let longest = 0;
  for (let page = 0; page < 20; page++) {
    const before = performance.now();
    const { topics: found } = engine.listTopics("", nameOf(page * 4000), pageSize, false);
    longest = Math.max(longest, performance.now() - before);
    if (found.length !== pageSize) throw new Error("a page is short");
  }
  return longest;
}

export const steps: Steps = { "many-topics-fill": fill, "many-topics-start": start };

async function run(context: Parameters<Scenario["run"]>[0], tagged: boolean): Promise<FigureRow[]> {
  const directory = await context.directory();
  const filled = await context.step<Filled>("many-topics-fill", { directory, tagged });
  const clean = await context.step<Started>("many-topics-start", { directory });
  const killed = await context.step<Started>("many-topics-start", { directory });
  const what = tagged ? "with ten distinct tags each: " : "";
  return [
    { what: `${what}written once, 64 writers`, figure: `${filled.seconds.toFixed(1)} s` },
    atMost(`${what}peak RSS while they were written and stopped`, filled.peakRss, rssLimit, mib),
    atMost(`${what}files`, filled.files, 1000, count),
    { what: `${what}clean stop`, figure: ms(filled.closeMs) },
    atMost(`${what}start after it`, clean.openMs, 10_000, ms),
    atMost(`${what}RSS then, with reads of 1000 of them and writes to 10,000`, clean.rss, rssLimit, mib),
    atMost(`${what}list of 100, longest of 20`, clean.list100Ms, 5, ms),
    { what: `${what}list of 1000, longest of 20`, figure: ms(clean.list1000Ms) },
    { what: `${what}reading a topic for the first time`, figure: ms(clean.readMs) },
    atMost(`${what}start after \`kill -9\``, killed.openMs, 10_000, ms),
    atMost(`${what}files then`, killed.files, 1000, count),
  ];
}

export const scenario: Scenario = {
  name: "many-topics",
  title: `${count(topics)} topics of ${recordsEach} records`,
  about: ["Two shards, the engine in-process. A page that is listed begins anywhere in the names."],
  run: async (context) => [...(await run(context, false)), ...(await run(context, true))],
};
