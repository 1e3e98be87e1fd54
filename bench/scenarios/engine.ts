/** The engine in-process, without HTTP. */
import { inChild } from "../child.ts";
import type { EngineTask, EngineWork } from "../engine-load.ts";
import type { OwnRow } from "../row.ts";

const slackMs = 60_000;

function row(work: EngineWork, title: string): OwnRow {
  return {
    on: "own",
    name: `engine-${work}`,
    title,
    unit: "records/s",
    async measure(pace) {
      const task: EngineTask = { work, ...pace };
      return { value: await inChild<number>("engine-process", task, pace.warmUpMs + pace.durationMs + slackMs) };
    },
  };
}

export const rows: readonly OwnRow[] = [
  row("append-bytes", "in-process append from JSON bytes, `disk`, 16 × batch 100, 64 B"),
  row("append-batch", "in-process append of sliced batches, `disk`, 16 × batch 100, 64 B"),
  row("diff", "in-process diff of 1000"),
  row("diff-half", "in-process diff of 1000, every other record filtered out by node"),
];
