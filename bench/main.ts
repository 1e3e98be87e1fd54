/**
 * `npm run bench`: measures this build (spec 8.7). Nothing is printed of a build that breaks the contract: the
 * conformance suite comes first. Exit codes: 0, 1 when a floor is missed or the build is not green, 2 for bad usage.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseTarget, runProbe } from "../conformance/index.ts";
import { type BenchArguments, parseArguments, usage } from "./arguments.ts";
import { writeFigures } from "./document.ts";
import { circumstances } from "./machine.ts";
import { plot } from "./plot.ts";
import { amount, figures, reportText } from "./report.ts";
import { runRounds } from "./rounds.ts";
import type { Row } from "./row.ts";
import { rows as engine } from "./scenarios/engine.ts";
import { rows as httpRead } from "./scenarios/http-read.ts";
import { rows as httpWrite } from "./scenarios/http-write.ts";
import { rows as queue } from "./scenarios/queue.ts";
import { rows as recovery } from "./scenarios/recovery.ts";
import { rows as single } from "./scenarios/single.ts";
import { Server } from "./server.ts";

const everyRow: readonly Row[] = [...httpWrite, ...single, ...httpRead, ...queue, ...engine, ...recovery];
const warmUpMs = 1000;
/** Beside the repository's sources, from `dist/bench`. */
const documentPath = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
const picturePath = fileURLToPath(new URL("../../docs/benchmarks.svg", import.meta.url));

async function run(args: readonly string[]): Promise<number> {
  let wanted: BenchArguments;
  try {
    wanted = parseArguments(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`bench: ${error.message}\n\n${usage}`);
    return 2;
  }
  if (wanted.help) {
    process.stdout.write(usage);
    return 0;
  }
  const rows = everyRow.filter(
    (row) =>
      (wanted.only.length === 0 || wanted.only.some((name) => row.name.includes(name))) &&
      (wanted.urls.length === 0 || row.on === "url"),
  );
  if (wanted.list) {
    process.stdout.write(rows.map(({ name, title }) => `${name}\t${title}\n`).join(""));
    return 0;
  }
  if (rows.length === 0) {
    process.stderr.write("bench: no row has such a name\n");
    return 2;
  }
  return bench(wanted, rows, args);
}

async function bench(wanted: BenchArguments, rows: readonly Row[], args: readonly string[]): Promise<number> {
  const where = circumstances(wanted.urls.length > 0 ? wanted.urls.join(", ") : "all settings at their defaults");
  const verdict = wanted.probe ? await conformance(wanted.urls) : { green: true, text: "**not asked** (`--no-probe`)" };
  if (!verdict.green) {
    process.stderr.write(`bench: no figures of a build that breaks the contract: ${verdict.text}\n`);
    return 1;
  }
  const all = await runRounds({
    rows,
    urls: wanted.urls,
    rounds: wanted.rounds,
    pace: { warmUpMs, durationMs: wanted.seconds * 1000 },
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  const report = reportText(all, {
    circumstances: where,
    rounds: wanted.rounds,
    seconds: wanted.seconds,
    command: ["npm run bench", ...(args.length > 0 ? ["--", ...args] : [])].join(" "),
    conformance: verdict.text,
  });
  process.stdout.write(`${report}\n`);
  // A part of the rows must not replace all of them.
  if (wanted.write && wanted.probe && rows.length === everyRow.length) {
    await writeFigures(documentPath, report);
    await writeFile(picturePath, plot(figures(all)));
  }
  const missed = figures(all).filter(({ good }) => !good);
  for (const { row, value } of missed) process.stderr.write(`bench: ${row.name} is at ${amount(row, value)}\n`);
  return missed.length === 0 ? 0 : 1;
}

interface Verdict {
  readonly green: boolean;
  readonly text: string;
}

/** Of this build, or of the first of the servers that were named: the second may be anybody's. */
async function conformance(urls: readonly string[]): Promise<Verdict> {
  if (urls.length > 0) return probed(urls[0]);
  const server = await Server.create();
  try {
    return await probed((await server.start()).url);
  } finally {
    await server.remove();
  }
}

async function probed(url: string): Promise<Verdict> {
  const { summary, cases } = await runProbe(parseTarget(url), { profile: "all" });
  const { passed, failed, skipped, total } = summary;
  const text = `${passed} of ${total} cases passed, ${failed} failed, ${skipped} skipped`;
  if (failed === 0 && passed > 0) return { green: true, text };
  const reasons = cases
    .filter(({ outcome }) => outcome === "failed")
    .map(({ id, reason }) => `\n  ${id}: ${reason ?? ""}`);
  return { green: false, text: text + reasons.join("") };
}

process.exitCode = await run(process.argv.slice(2));
