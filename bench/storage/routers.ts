/** Forwarding (spec 3.2, 8.7): one source into many topics, and a backlog that is caught up with beside a writer. */
import type { RouterRequest } from "../../src/router/router.ts";
import { inParallel, madeBatches, Opened, readRequest } from "./opened.ts";
import { ms, perSecond, type FigureRow, type Scenario, type Steps } from "./scenario.ts";

const fanOuts = [1, 10, 100];
const batchRecords = 100;
const backlogRecords = 1_000_000;

interface FanOut {
  readonly dests: number;
  readonly batches: number;
  readonly forwardedPerSecond: number;
  /** From an append's call to its record being read in the last destination. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Backlog {
  readonly perSecond: number;
  readonly aloneP50Ms: number;
  readonly besideP50Ms: number;
}

const plain: Omit<RouterRequest, "source" | "dest"> = {
  preserveNode: true,
  preserveTag: true,
  createDest: true,
  filter: undefined,
  allowCycle: false,
  exactlyOnce: false,
};

async function fanOut(task: {
  readonly directory: string;
  readonly dests: number;
  readonly batches: number;
}): Promise<FanOut> {
  const { directory, dests, batches } = task;
  const opened = await Opened.open({ directory });
  const { engine } = opened;
  for (let i = 0; i < dests; i++)
    await engine.putRouter(`source->d${i}`, { ...plain, source: "source", dest: `d${i}` });
  const load = madeBatches({ batches, records: batchRecords, payloadBytes: 64 });
  const started = performance.now();
  await inParallel(batches, 4, (i) => opened.append("source", load[i]));
  for (let i = 0; i < dests; i++) await caughtUp(opened, `d${i}`);
  const seconds = (performance.now() - started) / 1000;
  const single = madeBatches({ batches: 200, records: 1, payloadBytes: 64 });
  const times: number[] = [];
  for (const batch of single) {
    const from = performance.now();
    const { lastSeq } = await opened.append("source", batch);
    for (let head = 0; head < lastSeq;) {
      const read = await engine.read(`d${dests - 1}`, readRequest(lastSeq - 1, 1));
      head = read.headSeq;
      read.release();
    }
    times.push(performance.now() - from);
  }
  await opened.close();
  return { dests, batches, forwardedPerSecond: (batches * batchRecords * dests) / seconds, ...quantiles(times) };
}

/** The destination takes nothing at first, and then everything at once. */
async function backlog(task: { readonly directory: string; readonly records: number }): Promise<Backlog> {
  const { directory, records } = task;
  const first = await Opened.open({ directory });
  await first.engine.configureTopic("dest", { capRecords: 1, discard: "reject" }, "put");
  await first.append("dest", madeBatches({ batches: 1, records: 1, payloadBytes: 1 })[0]);
  await first.engine.putRouter("source->dest", { ...plain, source: "source", dest: "dest" });
  const batches = records / 1000;
  await inParallel(batches, 8, async () => {
    await first.append("source", madeBatches({ batches: 1, records: 1000, payloadBytes: 64 })[0]);
  });
  await first.close();
  const opened = await Opened.open({ directory });
  const alone = await writes(opened, () => false);
  await opened.engine.configureTopic("dest", {}, "put");
  const started = performance.now();
  let done = 0;
  const [beside] = await Promise.all([
    writes(opened, () => done === 0),
    caughtUp(opened, "dest").then(() => (done = performance.now())),
  ]);
  const perSecondForwarded = records / ((done - started) / 1000);
  await opened.close();
  return { perSecond: perSecondForwarded, aloneP50Ms: quantiles(alone).p50Ms, besideP50Ms: quantiles(beside).p50Ms };
}

/** Times of single writes to the source, 200 at least, and for as long as `more`. */
async function writes(opened: Opened, more: () => boolean): Promise<number[]> {
  const [batch] = madeBatches({ batches: 1, records: 1, payloadBytes: 64 });
  const times: number[] = [];
  while (times.length < 200 || more()) {
    const from = performance.now();
    await opened.append("source", batch);
    times.push(performance.now() - from);
  }
  return times;
}

async function caughtUp({ engine }: Opened, dest: string): Promise<void> {
  for (let behind = engine.caughtUp(dest); behind !== undefined; behind = engine.caughtUp(dest)) await behind;
}

function quantiles(times: number[]): { p50Ms: number; p99Ms: number } {
  times.sort((a, b) => a - b);
  return { p50Ms: times[Math.floor(times.length / 2)], p99Ms: times[Math.floor(times.length * 0.99)] };
}

export const steps: Steps = { "router-fan-out": fanOut, "router-backlog": backlog };

export const scenario: Scenario = {
  name: "routers",
  title: "Routers: fan-out, and a backlog caught up with",
  about: [
    "In-process, two shards, class `disk`, payloads of 64 bytes. Latency: from the call of an append to its record being read in the",
    "last of the destinations. The backlog lies in segments; while it is caught up with somebody writes to the source.",
  ],
  async run(context) {
    const rows: FigureRow[] = [];
    for (const dests of fanOuts) {
      const task = { directory: await context.directory(), dests, batches: Math.ceil(1000 / dests) };
      const found = await context.step<FanOut>("router-fan-out", task);
      rows.push({
        what: `one source into ${dests}, batches of ${batchRecords}`,
        figure: `${perSecond(found.forwardedPerSecond, "copies")}; latency p50 ${ms(found.p50Ms)}, p99 ${ms(found.p99Ms)}`,
      });
    }
    const task = { directory: await context.directory(), records: backlogRecords };
    const { perSecond: forwarded, aloneP50Ms, besideP50Ms } = await context.step<Backlog>("router-backlog", task);
    const slower = besideP50Ms / aloneP50Ms;
    rows.push(
      {
        what: "a backlog of 1 M records, after a restart",
        figure: perSecond(forwarded, "copies"),
        target: `≥ ${perSecond(1e6, "copies")}`,
        met: forwarded >= 1e6,
      },
      {
        what: "a write to the source meanwhile, p50",
        figure: `${ms(besideP50Ms)}, alone ${ms(aloneP50Ms)}`,
        target: "at most 10 % slower",
        met: slower <= 1.1,
      },
    );
    return rows;
  },
};
