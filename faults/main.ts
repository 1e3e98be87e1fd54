/**
 * `npm run faults`: all cases of the corpus, or with `--only NAME` those whose names begin so, told step by step. `--list`
 * lists them, `--catalogue` writes faults/README.md. Exit code 1 when a case fails, 2 when none is called so.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { allCases, type FoundCase } from "./case-folder.ts";
import { catalogue, describeOutcome } from "./catalogue.ts";
import { runCase } from "./run-case.ts";

const help = `npm run faults -- [--only NAME]… [--family FAMILY] [--guards N] [--stack]
npm run faults -- --list
npm run faults -- --catalogue

  --only NAME      cases whose names begin so, told step by step
  --family FAMILY  a family's cases
  --guards N       the cases that are aimed at planted bug N
  --stack          where a failed case failed
  --list           names of the cases, and what each is about
  --catalogue      writes faults/README.md`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    family: { type: "string" },
    guards: { type: "string" },
    stack: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    catalogue: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function isAsked({ family, case: { name, guards = [] } }: FoundCase): boolean {
  if (values.only.length > 0 && !values.only.some((only) => name.startsWith(only))) return false;
  if (values.family !== undefined && family !== values.family) return false;
  return values.guards === undefined || guards.includes(Number(values.guards));
}

async function runOne({ case: each }: FoundCase): Promise<boolean> {
  const isTold = values.only.length > 0;
  if (isTold) console.log(`${each.name} (${each.section}): ${each.what}\n  permitted: ${each.permits}`);
  if (isTold) console.log(`  exactly: ${describeOutcome(each.outcome)}`);
  try {
    await runCase(each, (line) => {
      if (isTold) console.log(`    ${line}`);
    });
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    console.log(`FAILED ${each.name} ${message} — npm run faults -- --only ${each.name}`);
    if (values.stack) console.log(error instanceof Error ? error.stack : error);
    return false;
  }
  if (isTold) console.log(`  ${each.name} holds`);
  return true;
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(help);
    return 0;
  }
  const all = await allCases();
  if (values.catalogue) {
    writeFileSync(join(import.meta.dirname, "README.md"), catalogue(all));
    return 0;
  }
  const asked = all.filter(isAsked);
  if (values.list) {
    for (const { family, case: each } of asked) console.log(`${family}/${each.name}: ${each.what}`);
    return asked.length > 0 ? 0 : 2;
  }
  const started = Date.now();
  let failed = 0;
  for (const each of asked) if (!(await runOne(each))) failed++;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`fault corpus: ${asked.length} cases, ${failed} failed, ${seconds} s`);
  if (asked.length === 0) return 2;
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main();
