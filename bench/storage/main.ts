/**
 * `npm run bench:storage`: measures what the storage promises about size (spec 6.3, 6.4, 8.7), one scenario after another,
 * and replaces their sections of docs/benchmarks.md. Exit codes: 0, 1 when a target is missed, 2 for bad usage.
 */
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeFigures } from "../document.ts";
import { circumstances } from "../machine.ts";
import { scenario as acks } from "./acks.ts";
import { scenario as checkpoints } from "./checkpoints.ts";
import { scenario as coldReads } from "./cold-reads.ts";
import { scenario as deletes } from "./deletes.ts";
import { scenarios as longTopics } from "./long-topic.ts";
import { scenario as manyTopics } from "./many-topics.ts";
import { scenario as routers } from "./routers.ts";
import type { FigureRow, Scenario, StorageContext } from "./scenario.ts";
import { scenario as stuckTag } from "./stuck-tag.ts";

const scenarios: readonly Scenario[] = [
  ...longTopics,
  manyTopics,
  stuckTag,
  deletes,
  coldReads,
  acks,
  checkpoints,
  routers,
];

const usage = `usage: npm run bench:storage -- [options]

  --only NAME      scenarios whose name contains NAME; several with commas
  --no-write       print only: docs/benchmarks.md stays as it is
  --list           print the names of the scenarios
  --help           this text
`;

/** Longer than any scenario's longest step. */
const stepLimitMs = 900_000;
const documentPath = fileURLToPath(new URL("../../../docs/benchmarks.md", import.meta.url));

async function run(args: readonly string[]): Promise<number> {
  let values;
  try {
    values = parseArgs({
      args: [...args],
      options: {
        only: { type: "string", default: "" },
        "no-write": { type: "boolean", default: false },
        list: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`bench:storage: ${error.message}\n\n${usage}`);
    return 2;
  }
  if (values.help || values.list) {
    process.stdout.write(values.help ? usage : scenarios.map(({ name, title }) => `${name}\t${title}\n`).join(""));
    return 0;
  }
  const names = values.only.split(",").filter((name) => name !== "");
  const wanted = scenarios.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
  if (wanted.length === 0) {
    process.stderr.write("bench:storage: no scenario has such a name\n");
    return 2;
  }
  let missed = 0;
  for (const scenario of wanted) {
    const text = await measured(scenario, (rows) => (missed += rows.filter(({ met }) => met === false).length));
    process.stdout.write(`${text}\n\n`);
    if (!values["no-write"]) await writeFigures(documentPath, text, `bench:storage ${scenario.name}`);
  }
  return missed === 0 ? 0 : 1;
}

async function measured(scenario: Scenario, look: (rows: readonly FigureRow[]) => void): Promise<string> {
  const where = circumstances("");
  const directories: string[] = [];
  const context: StorageContext = {
    async directory() {
      const made = await mkdtemp(join(tmpdir(), "topics-bench-"));
      directories.push(made);
      return join(made, "data");
    },
    step: (name, task) => {
      context.progress(name);
      return inProcess(name, task);
    },
    progress: (line) => process.stderr.write(`${scenario.name}: ${line}\n`),
  };
  const started = performance.now();
  try {
    const rows = await scenario.run(context);
    look(rows);
    return [
      ...scenario.about,
      "",
      `- Command: \`npm run bench:storage -- --only ${scenario.name}\`, ${((performance.now() - started) / 1000).toFixed(0)} s`,
      `- Machine: ${where.machine}`,
      `- Load average before: ${where.loadBefore.toFixed(1)}, after: ${loadavg()[0].toFixed(1)}; above 0.5 before it something else was running`,
      `- Node: ${where.node}; commit: ${where.commit}; date: ${where.date}`,
      "",
      "| | figure | target |",
      "| --- | --- | --- |",
      ...rows.map(({ what, figure, target, met }) => `| ${what} | ${figure} | ${targetText(target, met)} |`),
    ].join("\n");
  } finally {
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  }
}

function targetText(target: string | undefined, met: boolean | undefined): string {
  if (target === undefined) return "–";
  return `${target} ${met === true ? "met" : "**missed**"}`;
}

type Answer = { readonly result: unknown } | { readonly failure: string };

function inProcess<Result>(name: string, task: object): Promise<Result> {
  const program = fileURLToPath(new URL("./process.js", import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(program, [], { serialization: "advanced", timeout: stepLimitMs, killSignal: "SIGKILL" });
    let answer: Answer | undefined;
    child.on("message", (message) => (answer = message as Answer));
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (answer === undefined) reject(new Error(`${name} gave no answer (exit code ${code}, signal ${signal})`));
      else if ("failure" in answer) reject(new Error(`${name}: ${answer.failure}`));
      else resolve(answer.result as Result);
    });
    child.send({ name, task });
  });
}

process.exitCode = await run(process.argv.slice(2));
