/** `npm run fuzz -- --for 10m --seed N`: hostile input to every endpoint of a real server (spec 9.3). Exit code 1 on a finding. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fuzz } from "./run.ts";

const { values } = parseArgs({
  options: {
    for: { type: "string", default: "1m" },
    seed: { type: "string", default: "1" },
    clients: { type: "string", default: "6" },
    round: { type: "string", default: "400" },
    quiet: { type: "boolean", default: false },
  },
});
const [, amount, unit] = /^(\d+)(s|m|h)$/.exec(values.for) ?? [];
if (amount === undefined) throw new Error(`--for takes a time such as 30s, 10m or 1h, not ${values.for}`);
const ms = Number(amount) * { s: 1000, m: 60_000, h: 3_600_000 }[unit as "s" | "m" | "h"];

const directory = mkdtempSync(join(tmpdir(), "topics-fuzz-"));
const started = Date.now();
try {
  const { problems, ...report } = await fuzz({
    directory,
    seed: values.seed,
    clients: Number(values.clients),
    round: Number(values.round),
    goOn: () => Date.now() - started < ms,
    ...(values.quiet ? {} : { said: (line: string) => console.log(line) }),
  });
  console.log(JSON.stringify({ seed: values.seed, for: values.for, ...report }, undefined, 2));
  for (const problem of problems) console.log(problem);
  console.log(problems.length === 0 ? "nothing found" : `${problems.length} findings`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
