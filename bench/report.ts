/** Figures as text: what was measured, where, and whether it is good enough. */
import type { Circumstances } from "./machine.ts";
import type { Series } from "./rounds.ts";
import { median, meetsFloor } from "./row.ts";
import type { Measured, Row } from "./row.ts";

export interface ReportFacts {
  readonly circumstances: Circumstances;
  readonly rounds: number;
  readonly seconds: number;
  readonly command: string;
  /** What the conformance suite said of this build. */
  readonly conformance: string;
}

export interface Figure {
  readonly row: Row;
  readonly url: string | undefined;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly good: boolean;
}

export function figures(all: readonly Series[]): Figure[] {
  return all.map(({ row, url, rounds }) => {
    const values = rounds.map(({ value }) => value);
    const value = median(values);
    return { row, url, value, least: Math.min(...values), most: Math.max(...values), good: meetsFloor(row, value) };
  });
}

/** Markdown, as it goes into docs/benchmarks.md and to the terminal. */
export function reportText(all: readonly Series[], facts: ReportFacts): string {
  const { circumstances: where, rounds, seconds, command, conformance } = facts;
  return [
    `- Command: \`${command}\``,
    `- Machine: ${where.machine}; load and server share its cores`,
    `- Load average before the first round: ${where.loadBefore.toFixed(1)}; above 0.5 something else was running`,
    `- Node: ${where.node}; commit: ${where.commit}; date: ${where.date}`,
    `- Configuration: ${where.configuration}`,
    `- Conformance of this build: ${conformance}`,
    `- Medians of ${rounds} rounds of ${seconds} s; p50 and p99 are what the load driver saw; CPU in shares of one core`,
    "",
    table(all),
    ...notes(all),
    ...ratios(all),
  ].join("\n");
}

function table(all: readonly Series[]): string {
  const several = new Set(all.map(({ url }) => url)).size > 1;
  const head = [
    "row",
    ...(several ? ["server"] : []),
    "median",
    "min … max",
    "p50 ms",
    "p99 ms",
    "driver",
    "server CPU",
    "floor",
  ];
  const lines = figures(all).map((figure, i) => {
    const { row, url, value, least, most } = figure;
    const { rounds } = all[i];
    const of = (pick: (measured: Measured) => number | undefined): number =>
      median(rounds.map((measured) => pick(measured) ?? NaN));
    return [
      row.title,
      ...(several ? [url ?? ""] : []),
      `**${amount(row, value)}**`,
      `${amount(row, least)} … ${amount(row, most)}`,
      milliseconds(of(({ p50Ms }) => p50Ms)),
      milliseconds(of(({ p99Ms }) => p99Ms)),
      share(of(({ driverCpu }) => driverCpu)),
      share(of(({ serverCpu }) => serverCpu)),
      floorText(figure),
    ];
  });
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function floorText({ row, good }: Figure): string {
  if (row.floor === undefined) return "–";
  return `${row.unit === "ms" ? "≤" : "≥"} ${amount(row, row.floor)} ${good ? "met" : "**missed**"}`;
}

export function amount(row: Row, value: number): string {
  if (row.unit === "ms") return `${milliseconds(value)} ms`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(value >= 1e7 ? 1 : 2)} M/s`;
  return `${(value / 1e3).toFixed(1)} K/s`;
}

function milliseconds(value: number): string {
  if (Number.isNaN(value)) return "–";
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}

function share(value: number): string {
  return Number.isNaN(value) ? "–" : `${Math.round(value * 100)} %`;
}

function notes(all: readonly Series[]): string[] {
  const lines = all.flatMap(({ row, rounds }) => {
    const names = new Set(rounds.flatMap(({ notes: each }) => Object.keys(each ?? {})));
    return [...names].map((name) => {
      const value = median(rounds.map(({ notes: each }) => each?.[name] ?? NaN));
      return `- ${row.title}: ${name}: ${value.toPrecision(3)}`;
    });
  });
  return lines.length === 0 ? [] : ["", ...lines];
}

/** Pair by pair: each round of the first server against the same round of the second. */
function ratios(all: readonly Series[]): string[] {
  const lines = all.flatMap((series, i) => {
    const other = all[i + 1] as Series | undefined;
    if (other?.row !== series.row) return [];
    const each = series.rounds.map(({ value }, round) => {
      const ratio = value / other.rounds[round].value;
      return series.row.unit === "ms" ? 1 / ratio : ratio;
    });
    return [`- ${series.row.title}: ${median(each).toFixed(2)} × as good as ${other.url}`];
  });
  return lines.length === 0 ? [] : ["", ...lines];
}
