/** Reads of what is sealed (spec 6.3), with the kernel's cache warm: with a block cache and without. */
import { diffLoad } from "./http-reads.ts";
import { inParallel, madeBatches, Opened, peakRss, readAtRandom, readInOrder } from "./opened.ts";
import { count, mib, ms, perSecond, type FigureRow, type Scenario, type Steps } from "./scenario.ts";

const topic = "sealed";
const records = 5_000_000;
const batchRecords = 1000;

async function fill({ directory }: { readonly directory: string }): Promise<void> {
  const opened = await Opened.open({ directory });
  const batches = madeBatches({ batches: 64, records: batchRecords, payloadBytes: 100 });
  await inParallel(records / batchRecords, 16, (i) => opened.append(topic, batches[i % batches.length]));
  await opened.close();
}

interface ReadFigures {
  readonly inOrder: number;
  readonly again: number;
  readonly atRandom: number;
  readonly peakRss: number;
}

async function read({
  directory,
  cacheBytes,
}: {
  readonly directory: string;
  readonly cacheBytes: number;
}): Promise<ReadFigures> {
  const opened = await Opened.open({ directory, storage: { cacheBytes } });
  const inOrder = await readInOrder(opened.engine, topic, records);
  const again = await readInOrder(opened.engine, topic, records);
  const atRandom = await readAtRandom(opened.engine, topic, records, 20_000);
  await opened.close();
  return { inOrder, again, atRandom, peakRss: peakRss() };
}

export const steps: Steps = { "cold-reads-fill": fill, "cold-reads-read": read };

export const scenario: Scenario = {
  name: "cold-reads",
  title: `Reads of ${count(records)} sealed records of 100 B`,
  about: [
    "One reader in-process, 1000 records a page, from the front to the end, twice; then 10 records each from anywhere.",
  ],
  async run(context) {
    const directory = await context.directory();
    await context.step("cold-reads-fill", { directory });
    const rows: FigureRow[] = [];
    for (const cacheBytes of [0, 64 << 20]) {
      const what = `\`TOPICS_CACHE_BYTES=${cacheBytes}\`: `;
      const found = await context.step<ReadFigures>("cold-reads-read", { directory, cacheBytes });
      const settings = { TOPICS_CACHE_BYTES: String(cacheBytes) };
      const load = await diffLoad({ directory, topic, records, settings });
      rows.push(
        { what: `${what}in order, in-process`, figure: `${perSecond(found.inOrder)}, then ${perSecond(found.again)}` },
        { what: `${what}at random places`, figure: perSecond(found.atRandom, "reads") },
        { what: `${what}peak RSS of that`, figure: mib(found.peakRss) },
        { what: `${what}diff of 1000 over HTTP, 8 connections`, figure: perSecond(load.perSecond) },
        { what: `${what}its p50 and p99`, figure: `${ms(load.p50Ms)}, ${ms(load.p99Ms)}` },
        { what: `${what}peak RSS of the server`, figure: mib(load.peakRss) },
      );
    }
    return rows;
  },
};
