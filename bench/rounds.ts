/** Rounds over rows: every row once, then all again, so that a bad minute of the machine falls on all of them. */
import type { Measured, OwnRow, Pace, Row, UrlRow } from "./row.ts";
import { Server } from "./server.ts";

/** A row on one server, or on this build when there is no `url`. */
export interface Series {
  readonly row: Row;
  readonly url: string | undefined;
  readonly rounds: Measured[];
}

export interface RoundsPlan {
  readonly rows: readonly Row[];
  readonly urls: readonly string[];
  readonly rounds: number;
  readonly pace: Pace;
  progress(line: string): void;
}

export async function runRounds(plan: RoundsPlan): Promise<Series[]> {
  const urls = plan.urls.length === 0 ? [undefined] : plan.urls;
  const all = plan.rows.flatMap((row) => urls.map((url): Series => ({ row, url, rounds: [] })));
  for (let round = 1; round <= plan.rounds; round++) {
    for (const { row, url, rounds } of all) {
      const measured = await measure(row, url, plan.pace);
      rounds.push(measured);
      const where = plan.urls.length > 1 ? ` ${url}` : "";
      plan.progress(`round ${round}/${plan.rounds}  ${row.name}${where}  ${shown(row, measured)}`);
    }
  }
  return all;
}

function shown(row: Row, { value, p50Ms, driverCpu, serverCpu }: Measured): string {
  const cpu = (name: string, share: number | undefined): string =>
    share === undefined ? "" : `  ${name} ${Math.round(share * 100)} %`;
  const figure = row.unit === "ms" ? `${value.toPrecision(3)} ms` : `${Math.round(value).toLocaleString("en")} /s`;
  const p50 = p50Ms === undefined ? "" : `  p50 ${p50Ms.toPrecision(3)} ms`;
  return `${figure}${p50}${cpu("driver", driverCpu)}${cpu("server", serverCpu)}`;
}

function measure(row: Row, url: string | undefined, pace: Pace): Promise<Measured> {
  if (row.on === "own") return (row satisfies OwnRow).measure(pace);
  return url === undefined ? onOwnServer(row, pace) : row.measure(url, pace);
}

/** A fresh server and a fresh directory for each measurement. */
async function onOwnServer(row: UrlRow, pace: Pace): Promise<Measured> {
  const server = await Server.create();
  try {
    const { url } = await server.start();
    const [cpuBefore, before] = [await server.cpuSeconds(), performance.now()];
    const measured = await row.measure(url, pace);
    const cpu = ((await server.cpuSeconds()) - cpuBefore) / ((performance.now() - before) / 1000);
    return { ...measured, serverCpu: cpu };
  } finally {
    await server.remove();
  }
}
