/** Diffs over HTTP on a directory that is there: by a server and a load driver of their own. */
import { drive } from "../drive.ts";
import { Server } from "../server.ts";

export interface DiffLoad {
  readonly directory: string;
  readonly topic: string;
  readonly records: number;
  readonly settings: Readonly<Record<string, string>>;
}

export interface DiffFigures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly peakRss: number;
  readonly readyAfterMs: number;
}

const limit = 1000;

export async function diffLoad({ directory, topic, records, settings }: DiffLoad): Promise<DiffFigures> {
  const server = await Server.on(directory, settings);
  try {
    const { url, readyAfterMs } = await server.start();
    const traffic = { kind: "diff", topic, records, limit } as const;
    const driven = await drive({ url, connections: 8, traffic, warmUpMs: 1000, durationMs: 10_000 });
    const { requestsPerSecond, p50Ms, p99Ms } = driven;
    return { perSecond: requestsPerSecond * limit, p50Ms, p99Ms, peakRss: await server.peakRss(), readyAfterMs };
  } finally {
    await server.remove();
  }
}
