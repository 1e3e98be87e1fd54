/** `topics verify [DIR]`: says what is wrong with a data directory, and changes nothing in it (spec 6.6). */
import Table from "cli-table3";
import { nodeEnv } from "../../env/node-env.ts";
import type { Damage, FileKind, FileReport, Outcome } from "../../maintenance/report.ts";
import { type StartReport, verify, type VerifyReport } from "../../maintenance/verify/verify.ts";
import { coldDirectory, dataDirectory } from "../data-directory.ts";
import { exitCode } from "../exit-code.ts";
import { openProgressBar } from "../progress-bar.ts";

export interface VerifyArguments {
  readonly directory: string | undefined;
  readonly cold: string | undefined;
  readonly json: boolean;
}

/** Resolves to the exit code. */
export async function runVerify({ directory, cold, json }: VerifyArguments): Promise<number> {
  const bar = openProgressBar(!json);
  const paths = { directory: dataDirectory(directory), cold: coldDirectory(cold) };
  let report: VerifyReport;
  try {
    report = await verify({ env: nodeEnv(), ...paths, progress: bar.progress });
  } finally {
    bar.stop();
  }
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : verifyText(report));
  return codeOf(report.outcome);
}

export function codeOf(outcome: Outcome): number {
  return { ok: exitCode.good, damaged: exitCode.damaged, inconclusive: exitCode.untold }[outcome];
}

const verdicts: Readonly<Record<Outcome, string>> = {
  ok: "good",
  damaged: "damaged",
  inconclusive: "could not tell",
};

export function verifyText(report: VerifyReport): string {
  const { directory, outcome, reason, files, unnamed, start } = report;
  if (files.length === 0) return `${directory}: ${verdicts[outcome]}: ${reason ?? ""}\n`;
  const lines = files.flatMap(fileLines);
  for (const { file, what } of unnamed) if (what !== "spare") lines.push(`${unnamedText[what]}: ${file}`);
  if (lines.length > 0) lines.push("");
  return [...lines, summary(files), startLine(start), `${directory}: ${verdicts[outcome]}`, ""].join("\n");
}

const unnamedText = {
  leftover: "left over, and not looked into",
  foreign: "not a file of this program",
} as const;

function fileLines({ file, damages, reason, notes }: FileReport): string[] {
  return [
    ...damages.map((damage) => `damaged: ${file}${damageText(damage)}`),
    ...(reason === undefined ? [] : [`could not tell: ${file}: ${reason}`]),
    ...notes.map((note) => `note: ${file}: ${note}`),
  ];
}

function damageText({ what, offset, length, topic, firstSeq, lastSeq }: Damage): string {
  const place = offset === undefined ? "" : `, offset ${offset}${length === undefined ? "" : `, ${length} bytes`}`;
  const whose = topic === undefined ? "" : `, topic ${topic}`;
  return `${place}: ${what}${whose}${firstSeq === undefined ? "" : `, seqs ${firstSeq} to ${lastSeq}`}`;
}

const kinds: Readonly<Record<FileKind, string>> = {
  manifest: "manifest",
  checkpoint: "checkpoints",
  wal: "log",
  segment: "segments",
  deletes: "deletes",
  lock: "lock",
  cold: "cold directory",
  directory: "directory",
};

function summary(files: readonly FileReport[]): string {
  const table = new Table({
    head: ["", "files", "good", "damaged", "not told", "found good"],
    style: { head: [], border: [] },
  });
  for (const [kind, title] of Object.entries(kinds)) {
    const own = files.filter((file) => file.kind === kind);
    if (own.length === 0) continue;
    const counts = new Map<string, number>();
    for (const file of own)
      for (const [what, count] of Object.entries(file.counts)) counts.set(what, (counts.get(what) ?? 0) + count);
    const found = [...counts].map(([what, count]) => `${count} ${what}`).join(", ");
    const as = (outcome: Outcome): number => own.filter((file) => file.outcome === outcome).length;
    table.push([title, own.length, as("ok"), as("damaged"), as("inconclusive"), found]);
  }
  return table.toString();
}

function startLine(start: StartReport): string {
  if (start.outcome === "refused") return `a server would refuse to start: ${start.reason}`;
  if (start.outcome === "not-tried") return `whether a server would start was not tried: ${start.reason}`;
  const { topics, records, cuts, holes } = start;
  const cut = cuts.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    `a server would start, with ${topics} topics and ${records} records`,
    ...(cut === 0 ? [] : [`cut ${cut} bytes of torn tails`]),
    ...(holes.length === 0 ? [] : [`tell readers of ${holes.length} topics of seqs that may have been lost`]),
  ].join("; it would ");
}
