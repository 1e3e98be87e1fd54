/** `topics repair DIR --to NEWDIR`: a new directory of what is left of a damaged one, and what is not (spec 6.6). */
import { nodeEnv } from "../../env/node-env.ts";
import type { Range } from "../../maintenance/repair/ranges.ts";
import { repair } from "../../maintenance/repair/repair.ts";
import type { RepairReport, TopicReport } from "../../maintenance/repair/repair-report.ts";
import { coldDirectory, dataDirectory } from "../data-directory.ts";
import { exitCode } from "../exit-code.ts";
import { openProgressBar } from "../progress-bar.ts";

export interface RepairArguments {
  readonly directory: string;
  readonly cold: string | undefined;
  readonly to: string;
  readonly json: boolean;
}

/** Resolves to the exit code. */
export async function runRepair({ directory, cold, to, json }: RepairArguments): Promise<number> {
  const bar = openProgressBar(!json);
  const places = { directory: dataDirectory(directory), cold: coldDirectory(cold), target: dataDirectory(to) };
  let report: RepairReport;
  try {
    report = await repair({ env: nodeEnv(), ...places, progress: bar.progress });
  } finally {
    bar.stop();
  }
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : repairText(report));
  if (report.outcome === "inconclusive") return exitCode.untold;
  return report.outcome === "ok" && report.topics.length === 0 ? exitCode.good : exitCode.damaged;
}

export function repairText(report: RepairReport): string {
  const { directory, target, outcome, reason, damaged, notes, topics, checkpoint, counts } = report;
  if (outcome === "inconclusive") return `${directory}: not repaired: ${reason ?? ""}\n`;
  const from = checkpoint === undefined ? "without a checkpoint" : `from checkpoint ${checkpoint} on`;
  const given = topics.flatMap(({ givenUp }) => givenUp).reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return [
    ...damaged.map(({ file, what }) => `damaged: ${file}: ${what}`),
    ...notes.map((note) => `note: ${note}`),
    ...topics.flatMap(topicLines),
    `${target}: made ${from}: ${counts.topics} topics, ${counts.records} records, ${counts.frames} frames found`,
    topics.length === 0
      ? `${target}: nothing was lost`
      : `${target}: something was, or may have been, lost of ${topics.length} topics; ${given} seqs are given up`,
    ...(outcome === "ok" ? [] : [`${target}: ${reason ?? ""}`]),
    "",
  ].join("\n");
}

function topicLines({ topic, id, operations, givenUp, foundElsewhere, notes }: TopicReport): string[] {
  return [
    `topic ${topic} (id ${id}):`,
    ...(givenUp.length === 0 ? [] : [`  seqs given up, which readers are told of: ${rangesText(givenUp)}`]),
    ...(foundElsewhere.length === 0 ? [] : [`  seqs found elsewhere: ${rangesText(foundElsewhere)}`]),
    ...operations.map(({ first, last, what }) => `  lost: ${operationsText(first, last)}: ${what}`),
    ...notes.map((note) => `  note: ${note}`),
  ];
}

function operationsText(first: number, last: number | null): string {
  if (last === null) return `operations from ${first} on`;
  return first === last ? `operation ${first}` : `operations ${first} to ${last}`;
}

function rangesText(ranges: readonly Range[]): string {
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first} to ${last}`)).join(", ");
}
