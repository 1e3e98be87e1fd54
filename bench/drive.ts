/** One load against one URL, from a driver in a process of its own, as figures. */
import { inChild } from "./child.ts";
import { Histogram } from "./histogram.ts";
import type { LoadPlan, LoadResult } from "./load.ts";
import type { WorkerPlan } from "./worker-load.ts";

export interface Driven {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly bytesPerResponse: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly driverCpu: number;
}

/** Above the load's own time: starting, making messages, the last answers. */
const slackMs = 60_000;

export function drive(plan: LoadPlan): Promise<Driven> {
  return driven("load-process", plan);
}

/** Requests are jobs here. */
export function driveWorkers(plan: WorkerPlan): Promise<Driven> {
  return driven("worker-process", plan);
}

async function driven(program: string, plan: LoadPlan | WorkerPlan): Promise<Driven> {
  const result = await inChild<LoadResult>(program, plan, plan.warmUpMs + plan.durationMs + slackMs);
  const { requests, responseBytes, elapsedMs, cpu, latencies } = result;
  const histogram = new Histogram(latencies);
  return {
    requests,
    requestsPerSecond: requests / (elapsedMs / 1000),
    bytesPerResponse: responseBytes / requests,
    p50Ms: histogram.percentileMs(0.5),
    p99Ms: histogram.percentileMs(0.99),
    driverCpu: cpu,
  };
}
