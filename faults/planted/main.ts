/** `npm run planted`: plants each bug in a copy of the tree and sees which tools notice (spec 8.6). */
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Letter, letters, type Patch } from "./bug.ts";
import { allBugs, allControls, allMutants } from "./catalogue.ts";
import { nodeArguments } from "./child.ts";
import { killMatrix } from "./page.ts";
import { hashOfPatches, hashOfTree, keyOf, type Result, Results, type Subject } from "./results.ts";
import type { Budget } from "./tool.ts";
import { budgets, tools } from "./tools.ts";
import { root, Workshop } from "./workshop.ts";

const usage = `usage: npm run planted -- [options]

Plants each bug of faults/planted/bugs in a copy of the source tree and runs each tool that must catch it, alone. A clean
copy has to be green with the same budget first. Writes faults/planted/results.json and docs/kill-matrix.md.

  --only LIST     bugs by number: 13 or 1-9,33; by default all
  --tool LETTER   S (simulator, crash matrix), F (fault corpus), C (conformance) or C* (with restarts); by default all
  --missing       only what has no result, or survived on another tree
  --controls      the changes that preserve behaviour, instead of bugs
  --mutants       the changes that weaken a tool, instead of bugs
  --jobs N        copies at once (default 1)
  --time SECONDS  begins no run behind so many
  --first SECONDS instead of the budgets, less than they are, and only what is caught is written: what is not is for a
                  run with all of the budget, and so is the clean copy
  --quick SECONDS instead of the budgets, without a clean run first, and nothing is written: for whoever adds a bug
  --inside "ARGS" runs a module of the copy with arguments in place of the tools, and shows what it says:
                  --only 3 --inside "sim/crash-matrix/main.ts --only rotation --sample 50"
  --page          only writes the page anew
  --list          prints the bugs
  --help          this text

Exit code: 0 when everything was caught (of controls: nothing), 1 when not, 2 when a run says nothing or the clean copy
is not green.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    tool: { type: "string" },
    missing: { type: "boolean", default: false },
    controls: { type: "boolean", default: false },
    mutants: { type: "boolean", default: false },
    jobs: { type: "string", default: "1" },
    time: { type: "string", default: "86400" },
    first: { type: "string" },
    quick: { type: "string" },
    inside: { type: "string" },
    page: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

interface Task {
  readonly subject: Subject;
  readonly letter: Letter;
  readonly patches: readonly Patch[];
}

const started = Date.now();
const [bugs, mutants, controls] = await Promise.all([allBugs(), allMutants(), allControls()]);
const results = Results.load();
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
const tree = hashOfTree(root);
const asked = values.tool === undefined ? letters : letters.filter((letter) => letter === values.tool);

if (values.help) process.stdout.write(usage);
else if (values.list)
  for (const { number, letters: by, what } of bugs) console.log(`${number}\t${by.join(" ")}\t${what}`);
else if (values.page) save();
else if (values.inside !== undefined) await runInside(values.inside);
else if (asked.length === 0) fail(`unknown tool: ${values.tool}`);
else process.exitCode = await run(tasks());

async function runInside(argv: string): Promise<void> {
  const workshop = Workshop.open();
  try {
    for (const { number, what, patches } of bugs.filter((bug) => isAsked(bug.number))) {
      console.log(`bug ${number}: ${what}`);
      await workshop.patched(patches, (cwd) => {
        spawnSync(process.execPath, nodeArguments(argv.split(" ")), { cwd, stdio: "inherit" });
        return Promise.resolve();
      });
    }
  } finally {
    workshop.close();
  }
}

function tasks(): Task[] {
  if (values.controls)
    return controls.flatMap(({ name, patches }) =>
      asked.filter((letter) => letter !== "C*").map((letter) => ({ subject: `control ${name}`, letter, patches })),
    );
  if (values.mutants)
    return mutants.flatMap((mutant) =>
      mutant.shouldMiss.flatMap(({ bug: number, letter }) => {
        const bug = bugs.find((one) => one.number === number);
        if (bug === undefined || !asked.includes(letter)) return [];
        const patches = [...mutant.patches, ...bug.patches];
        return [{ subject: `mutant ${mutant.name}, bug ${number}`, letter, patches }];
      }),
    );
  return bugs
    .filter(({ number }) => isAsked(number))
    .flatMap(({ number, letters: by, patches }) =>
      by.filter((letter) => asked.includes(letter)).map((letter) => ({ subject: `bug ${number}`, letter, patches })),
    );
}

function isAsked(number: number): boolean {
  if (values.only === undefined) return true;
  return values.only.split(",").some((part) => {
    const [from = "", to = from] = part.split("-");
    return number >= Number(from) && number <= Number(to);
  });
}

/** What is wanted, with a clean run ahead for each tool that has none on this tree. */
async function run(wanted: readonly Task[]): Promise<number> {
  const due = values.missing ? wanted.filter((task) => !isKnown(task)) : wanted;
  const needed = new Set(due.map(({ letter }) => letter));
  const isPartial = values.quick !== undefined || values.first !== undefined;
  const clean = [...(isPartial ? [] : needed)]
    .map((letter) => ({ subject: "clean", letter, patches: [] }))
    .filter(({ letter }) => !isGreen(letter));
  const ended = [...(await inJobs(clean, 1))];
  const notGreen = clean
    .map(({ letter }) => letter)
    .filter((letter) => results.of("clean", letter, [])?.outcome === "killed");
  if (notGreen.length > 0) {
    console.log(`the clean copy is not green: ${notGreen.join(" ")}`);
    return 2;
  }
  ended.push(...(await inJobs(due, Number(values.jobs))));
  if (values.quick === undefined) save();
  const of = (outcome: Result["outcome"]): number => ended.filter((result) => result.outcome === outcome).length;
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(
    `planted: ${ended.length} runs, ${of("killed")} caught, ${of("survived")} not, ${of("absent")} without a tool, ${of("broken")} broken, ${seconds} s`,
  );
  if (of("broken") > 0) return 2;
  return (values.controls ? of("killed") : of("survived") - clean.length) > 0 ? 1 : 0;
}

function isGreen(letter: Letter): boolean {
  const result = results.of("clean", letter, []);
  return result?.tree === tree && result.outcome === "survived";
}

function isKnown({ subject, letter, patches }: Task): boolean {
  const result = results.of(subject, letter, patches);
  return result?.outcome === "killed" || (result?.outcome === "survived" && result.tree === tree);
}

async function inJobs(queue: readonly Task[], jobs: number): Promise<Result[]> {
  const left = [...queue];
  const ended: Result[] = [];
  const worker = async (): Promise<void> => {
    if (left.length === 0) return;
    const workshop = Workshop.open();
    try {
      for (let task = left.shift(); task !== undefined; task = left.shift()) {
        if ((Date.now() - started) / 1000 > Number(values.time)) return;
        ended.push(await one(workshop, task));
      }
    } finally {
      workshop.close();
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return ended;
}

async function one(workshop: Workshop, { subject, letter, patches }: Task): Promise<Result> {
  const before = Date.now();
  const { cpuSeconds, ...verdict } = await workshop.patched(patches, (directory) =>
    tools[letter].run(directory, budgetOf(letter)),
  );
  const seconds = Math.round((cpuSeconds ?? (Date.now() - before) / 1000) * 10) / 10;
  const result: Result = { ...verdict, seconds, patch: hashOfPatches(patches), tree, commit };
  if (values.quick === undefined && (values.first === undefined || result.outcome === "killed")) {
    results.set(subject, letter, result);
    save();
  }
  console.log(
    `${keyOf(subject, letter)}: ${result.outcome} ${seconds} s ${[result.tool, result.by, result.seed].filter((text) => text !== undefined).join(" | ")}`,
  );
  return result;
}

function budgetOf(letter: Letter): Budget {
  const given = values.quick ?? values.first;
  return given === undefined ? budgets[letter] : { seconds: Number(given) };
}

function save(): void {
  const subjects = new Set([
    "clean",
    ...bugs.map(({ number }) => `bug ${number}`),
    ...controls.map(({ name }) => `control ${name}`),
    ...mutants.flatMap(({ name, shouldMiss }) => shouldMiss.map(({ bug }) => `mutant ${name}, bug ${bug}`)),
  ]);
  results.save((key) => subjects.has(key.split(" / ")[0] ?? ""));
  writeFileSync(join(root, "docs/kill-matrix.md"), killMatrix({ bugs, mutants, controls, results }));
}

function fail(why: string): void {
  console.error(why);
  process.exitCode = 2;
}
