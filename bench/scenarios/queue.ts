/** Queues in-process: jobs a second by workers and batch, and what a claim costs where very much is leased and waiting. */
import { inChild } from "../child.ts";
import type { EngineTask } from "../engine-load.ts";
import type { QueueWork } from "../queue-load.ts";
import type { OwnRow } from "../row.ts";

const slackMs = 120_000;

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

export const rows: readonly OwnRow[] = [
  ...([1, 16, 64] as const).flatMap((workers) =>
    ([1, 16] as const).map((batch) =>
      row(`queue-${workers}-${batch}`, `in-process claim and ack, \`disk\`, ${workers} workers × batch ${batch}`),
    ),
  ),
  row("queue-claim-of-1000", "in-process claim of 16 and nack, 1000 jobs, half of them leased"),
  row("queue-claim-of-1000000", "in-process claim of 16 and nack, 1 000 000 jobs, half of them leased"),
];
