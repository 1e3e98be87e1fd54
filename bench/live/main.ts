/**
 * `npm run bench:live`: how long a record takes from its write to each of N watchers, how many deliveries there are in a
 * second, what an idle and a stalled watcher cost in memory, and what one stalled among many costs the others (spec 8.7).
 * Replaces the figures of streams in docs/benchmarks.md. Exit codes: 0, 1 when a target is missed, 2 for bad usage.
 */
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeFigures } from "../document.ts";
import { circumstances } from "../machine.ts";
import { count, type FigureRow, ms, perSecond } from "../storage/scenario.ts";
import { idleBytes, latency, type Measured, percentiles, stalledBytes, streamBufferBytes, throughput } from "./rows.ts";

const usage = `usage: npm run bench:live -- [options]

  --rounds N       rounds over all rows (default 5); latencies of all rounds count, and the medians of the other figures
  --seconds N      of each measurement (default 5)
  --only NAME      rows whose name contains NAME; several with commas: watchers, deliveries, stalled, memory
  --no-write       print only: docs/benchmarks.md stays as it is
  --help           this text
`;

const documentPath = fileURLToPath(new URL("../../../docs/benchmarks.md", import.meta.url));
/** What the project wants to be at most, on two cores with the driver beside the server: p50 and p99 in ms. */
const targets: Readonly<Record<number, readonly [number, number]>> = { 100: [0.9, 2], 1000: [5, 10] };
/** Within noise. */
const stalledFactor = 1.25;
/** A slice: `max_batch_bytes` of a session, and what frames it. */
const sliceBytes = 1 << 18;

interface Group {
  readonly name: string;
  measure(seconds: number): Promise<void>;
  rows(): readonly FigureRow[];
}

function watchersRow(watchers: number): Group {
  const parts: Measured[] = [];
  const target = targets[watchers];
  return {
    name: `watchers ${watchers}`,
    async measure(seconds) {
      parts.push(await latency({ watchers, stalled: 0 }, seconds));
    },
    rows() {
      const { p50Ms, p99Ms } = percentiles(parts);
      const [driver, server] = [share(parts, "driverCpu"), share(parts, "serverCpu")];
      return [
        {
          what: `${count(watchers)} ${watchers === 1 ? "watcher" : "watchers"}: from write to delivery, p50 and p99`,
          figure: `${p50Ms.toFixed(2)} ms, ${p99Ms.toFixed(2)} ms; CPU of the driver ${driver}, of the server ${server}`,
          ...(target === undefined
            ? {}
            : { target: `≤ ${ms(target[0])}, ≤ ${ms(target[1])}`, met: p50Ms <= target[0] && p99Ms <= target[1] }),
        },
      ];
    },
  };
}

function deliveriesRow(watchers: number): Group {
  const parts: Measured[] = [];
  return {
    name: `deliveries ${watchers}`,
    async measure(seconds) {
      parts.push(await throughput({ watchers, stalled: 0 }, seconds));
    },
    rows() {
      const rate = median(parts.map(({ delivered, seconds }) => delivered / seconds));
      return [
        {
          what: `${count(watchers)} watchers, one connection that writes single records without a pause`,
          figure: `${perSecond(rate, "records")} delivered; CPU of the driver ${share(parts, "driverCpu")}, of the server ${share(parts, "serverCpu")}`,
        },
      ];
    },
  };
}

function stalledRow(): Group {
  const alone: Measured[] = [];
  const beside: Measured[] = [];
  return {
    name: "stalled",
    async measure(seconds) {
      alone.push(await latency({ watchers: 1000, stalled: 0 }, seconds));
      beside.push(await latency({ watchers: 1000, stalled: 1 }, seconds));
    },
    rows() {
      const [without, withOne] = [percentiles(alone), percentiles(beside)];
      const factor = withOne.p99Ms / without.p99Ms;
      return [
        {
          what: "1,000 watchers, without and with one more that is full: p99 of the others",
          figure: `${without.p99Ms.toFixed(2)} ms, ${withOne.p99Ms.toFixed(2)} ms: × ${factor.toFixed(2)}`,
          target: `≤ × ${stalledFactor}`,
          met: factor <= stalledFactor,
        },
      ];
    },
  };
}

function memoryRow(): Group {
  const idle: number[] = [];
  const stalled: number[] = [];
  return {
    name: "memory",
    async measure() {
      idle.push(await idleBytes(2000));
      stalled.push(await stalledBytes(40));
    },
    rows() {
      const bound = streamBufferBytes + sliceBytes;
      const bytes = median(stalled);
      return [
        { what: "memory of an idle watcher, its session and its socket", figure: kib(median(idle)) },
        {
          what: `memory of a watcher that is full (\`TOPICS_STREAM_BUFFER_BYTES\` is ${kib(streamBufferBytes)}, a slice ${kib(sliceBytes)})`,
          figure: kib(bytes),
          target: `≤ ${kib(bound)}`,
          met: bytes <= bound,
        },
      ];
    },
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function share(parts: readonly Measured[], of: "driverCpu" | "serverCpu"): string {
  return `${Math.round(median(parts.map((part) => part[of])) * 100)} %`;
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`;
}

async function run(args: readonly string[]): Promise<number> {
  let values;
  try {
    values = parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string", default: "5" },
        seconds: { type: "string", default: "5" },
        only: { type: "string", default: "" },
        "no-write": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`bench:live: ${error.message}\n\n${usage}`);
    return 2;
  }
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  const parts = values.only.split(",").filter((name) => name !== "");
  const groups = [
    ...[1, 100, 1000, 5000].map(watchersRow),
    ...[100, 1000].map(deliveriesRow),
    stalledRow(),
    memoryRow(),
  ].filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)));
  if (groups.length === 0 || !(rounds >= 1) || !(seconds >= 1)) {
    process.stderr.write(`bench:live: nothing to measure\n\n${usage}`);
    return 2;
  }
  const where = circumstances("");
  for (let round = 1; round <= rounds; round++)
    for (const group of groups) {
      await group.measure(seconds);
      for (const { what, figure } of group.rows())
        process.stderr.write(`round ${round}/${rounds}, so far: ${what}: ${figure}\n`);
    }
  const rows = groups.flatMap((group) => group.rows());
  const text = [
    `- Command: \`npm run bench:live${args.length === 0 ? "" : ` -- ${args.join(" ")}`}\``,
    `- Machine: ${where.machine}; the driver, one process, shares its cores`,
    `- Load average before: ${where.loadBefore.toFixed(1)}, after: ${loadavg()[0].toFixed(1)}; above 0.5 before it something else was running`,
    `- Node: ${where.node}; commit: ${where.commit}; date: ${where.date}`,
    "",
    "| | figure | target |",
    "| --- | --- | --- |",
    ...rows.map(({ what, figure, target, met }) => `| ${what} | ${figure} | ${targetText(target, met)} |`),
  ].join("\n");
  process.stdout.write(`${text}\n`);
  if (!values["no-write"] && parts.length === 0) await writeFigures(documentPath, text, "bench:live");
  return rows.some(({ met }) => met === false) ? 1 : 0;
}

function targetText(target: string | undefined, met: boolean | undefined): string {
  if (target === undefined) return "–";
  return `${target} ${met === true ? "met" : "**missed**"}`;
}

process.exitCode = await run(process.argv.slice(2));
