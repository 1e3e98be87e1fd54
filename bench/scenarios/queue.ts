/**
 * Queues: jobs a second by workers and batch, over HTTP and in-process, and what a claim costs where very much is leased and
 * waiting.
 */
import { inChild } from "../child.ts";
import { driveWorkers } from "../drive.ts";
import type { EngineTask } from "../engine-load.ts";
import type { QueueWork } from "../queue-load.ts";
import type { OwnRow, Pace, Row, UrlRow } from "../row.ts";
import { withTopic } from "../topic.ts";
import { fill } from "./http-read.ts";

const slackMs = 120_000;
/** Of the jobs that wait when a measurement begins: what it cannot empty. */
const mostJobsPerSecond = 200_000;
const fillBatch = 1000;

function httpRow(workers: number, batch: number, floor?: number): UrlRow {
  return {
    on: "url",
    name: `queue-http-${workers}-${batch}`,
    title: `HTTP claim of ${batch} and ack, \`disk\`, ${workers === 1 ? "one worker" : `${workers} workers`}`,
    unit: "records/s",
    ...(floor === undefined ? {} : { floor }),
    measure: (url, pace) =>
      withTopic(url, async (topic) => {
        await fill(url, topic, jobsFor(pace), fillBatch, { type: "queue", durability: "disk" });
        const driven = await driveWorkers({ url, topic, workers, batch, ...pace });
        return { ...driven, value: driven.requestsPerSecond };
      }),
  };
}

function jobsFor({ warmUpMs, durationMs }: Pace): number {
  const jobs = ((warmUpMs + durationMs) / 1000) * mostJobsPerSecond;
  return Math.ceil(jobs / fillBatch) * fillBatch;
}

function row(work: QueueWork, title: string): OwnRow {
  return {
    on: "own",
    name: work,
    title,
    unit: "records/s",
    async measure(pace) {
      const task: EngineTask = { work, ...pace };
      return { value: await inChild<number>("engine-process", task, pace.warmUpMs + pace.durationMs + slackMs) };
    },
  };
}

export const rows: readonly Row[] = [
  httpRow(1, 1),
  httpRow(16, 16),
  httpRow(50, 8, 40_000),
  ...([1, 16, 64] as const).flatMap((workers) =>
    ([1, 16] as const).map((batch) =>
      row(`queue-${workers}-${batch}`, `in-process claim and ack, \`disk\`, ${workers} workers × batch ${batch}`),
    ),
  ),
  row("queue-claim-of-1000", "in-process claim of 16 and nack, 1000 jobs, half of them leased"),
  row("queue-claim-of-1000000", "in-process claim of 16 and nack, 1 000 000 jobs, half of them leased"),
];
