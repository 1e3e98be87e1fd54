/** `topics restore BACKUP --to DIR` (spec 6.7): a new directory that is what a backup was, or what followed it up to a moment. */
import { nodeEnv } from "../../env/node-env.ts";
import { RestoreRefused } from "../../maintenance/restore/refused.ts";
import { restore, type RestoreReport } from "../../maintenance/restore/restore.ts";
import { dataDirectory } from "../data-directory.ts";
import { exitCode } from "../exit-code.ts";
import { openProgressBar } from "../progress-bar.ts";
import { toldRefusal } from "../refusal.ts";

export interface RestoreArguments {
  readonly backup: string;
  readonly to: string;
  readonly archive: string | undefined;
  readonly until: string | undefined;
  readonly live: string | undefined;
  readonly seqGap: string | undefined;
  readonly json: boolean;
}

/** Resolves to the exit code. */
export async function runRestore(given: RestoreArguments): Promise<number> {
  const { archive, until, live, seqGap, json } = given;
  const bar = openProgressBar(!json);
  let report: RestoreReport;
  try {
    report = await restore({
      env: nodeEnv(),
      backup: dataDirectory(given.backup),
      to: dataDirectory(given.to),
      archive: archive === undefined ? undefined : dataDirectory(archive),
      until,
      live: live === undefined ? undefined : dataDirectory(live),
      seqGap: seqGap === undefined ? undefined : wholeNumber(seqGap),
      progress: bar.progress,
    });
  } catch (error) {
    if (!(error instanceof RestoreRefused)) return toldRefusal(error);
    process.stderr.write(`topics: ${error.message}\n`);
    return exitCode.untold;
  } finally {
    bar.stop();
  }
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : restoreText(report));
  return exitCode.good;
}

function wholeNumber(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : NaN;
}

const shownHoles = 10;

function restoreText(report: RestoreReport): string {
  const { directory, directoryId, parent, restoredTo, topics, records, files, bytes, holes, notes } = report;
  const lines = [
    `${directory}: ${topics} topics, ${records} records, ${files} files, ${bytes} bytes`,
    `as of ${restoredTo ?? "the beginning"}; directory ${directoryId}, restored from ${parent}`,
  ];
  for (const { topic, from, to } of holes.slice(0, shownHoles))
    lines.push(`seqs ${from} to ${to} of topic ${topic} are given up: they may have been handed out since`);
  if (holes.length > shownHoles) lines.push(`and some of ${holes.length - shownHoles} more topics`);
  return `${[...lines, ...notes.map((note) => `note: ${note}`)].join("\n")}\n`;
}
