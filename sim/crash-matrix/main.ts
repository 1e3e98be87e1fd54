/** `npm run matrix`: all of the crash matrix, a sample of it, or one case (spec 8.3). */
import { optionsOf, refuse, wholeNumber } from "../command-line.ts";
import { allOperations } from "./catalogue.ts";
import { runOperation } from "./matrix.ts";
import type { Operation } from "./operation.ts";
import { describeFailure } from "./report.ts";
import { describePart, Tally } from "./tally.ts";

const usage = `usage: npm run matrix -- [options]

Runs every storage operation on a simulated disk, crashes it at each of its mutating calls, and recovers from
every state that the crash may leave. Without options it does all of that, which takes hours.

  --only CASE           one operation, or one seed, point or image of it:
                        rotation, mixed#3, rotation@17, rotation@17/seed:3
  --sample N            N images of each operation and seed
  --thorough-every N    only one image in N is crashed and interrupted further; the others are recovered twice
  --seeds N             so many seeds of operations whose calls overtake each other
  --tally FILE          keeps what each operation and seed came to, and goes on behind those that are in it
  --for SECONDS         begins no operation or seed behind so many
  --images N            nor when there are so many images
  --failures N          stops an operation behind so many failures (5)
  --stack               prints stacks of failures
  --count               only says how many images there are
  --list                names of the operations
  --help                this text

Exit code 0: every image was recovered as it must be; 1: some was not; 2: bad usage.`;

const values = optionsOf(usage, {
  only: { type: "string" },
  sample: { type: "string" },
  "thorough-every": { type: "string" },
  seeds: { type: "string" },
  tally: { type: "string" },
  for: { type: "string" },
  images: { type: "string" },
  failures: { type: "string", default: "5" },
  stack: { type: "boolean", default: false },
  count: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
});
const operations = await allOperations();
if (values.list) {
  console.log(operations.map(({ name }) => name).join("\n"));
  process.exit(0);
}
const number = (name: string, text: string | undefined): number | undefined =>
  text === undefined ? undefined : wholeNumber(usage, name, text);
const [sample, seeds] = [number("sample", values.sample), number("seeds", values.seeds)];
const thoroughEvery = number("thorough-every", values["thorough-every"]);
const options = {
  ...(sample === undefined ? {} : { sample }),
  ...(thoroughEvery === undefined ? {} : { thoroughEvery }),
  countOnly: values.count,
  maxFailures: wholeNumber(usage, "failures", values.failures),
};
const asked = values.only?.split(/[#@]/)[0];
if (asked !== undefined && !operations.some(({ name }) => name === asked)) refuse(usage, `no operation ${asked}`);
const until = values.for === undefined ? Infinity : Date.now() + wholeNumber(usage, "for", values.for) * 1000;
const enough = number("images", values.images) ?? Infinity;

function isOffline(operation: Operation): boolean {
  return "examine" in operation;
}

/** An operation, or one seed of it: first everything that each operation asks for itself, then further seeds in turn. */
function* units(): Generator<{ readonly operation: Operation; readonly name: string }> {
  for (let seed = 1; seed <= mostSeeds; seed++)
    for (const operation of inOrder) {
      if (asked !== undefined && operation.name !== asked) continue;
      if (operation.order !== "shuffled") {
        if (seed === 1) yield { operation, name: operation.name };
      } else if (seed <= (seeds ?? operation.seeds ?? 1)) yield { operation, name: `${operation.name}#${seed}` };
    }
}

/** Offline tools come last: an image of theirs takes a hundred times as long. */
const inOrder = operations.toSorted((one, other) => Number(isOffline(one)) - Number(isOffline(other)));
const mostSeeds = Math.max(seeds ?? 1, ...operations.map((operation) => operation.seeds ?? 1));
const isPart = values.only !== undefined && /[#@]/.test(values.only);
const tally = openTally();
for (const { operation, name } of isPart ? [theOnlyOne()] : units()) {
  if (tally.has(name)) continue;
  if (Date.now() >= until || tally.total.images >= enough) break;
  const before = Date.now();
  const outcome = await runOperation(operation, { ...options, only: isPart ? (values.only ?? name) : name });
  const seconds = Math.round((Date.now() - before) / 100) / 10;
  tally.add(name, outcome, seconds);
  console.log(`${name}: ${describePart({ ...outcome, failures: outcome.failures.length, seconds })}, ${seconds} s`);
  for (const failure of outcome.failures) {
    console.log(describeFailure(failure));
    if (values.stack) console.log(failure.error instanceof Error ? failure.error.stack : failure.error);
  }
}
const { total } = tally;
console.log(
  `crash matrix: ${total.parts} operations and seeds of them: ${describePart(total)}, ` +
    `${total.failures} failures, ${Math.round(total.seconds)} s`,
);
process.exitCode = total.failures > 0 || total.images + total.still === 0 ? 1 : 0;

function theOnlyOne(): { readonly operation: Operation; readonly name: string } {
  return { operation: operations.find(({ name }) => name === asked)!, name: values.only! };
}

function openTally(): Tally {
  try {
    return new Tally(values.tally, JSON.stringify({ sample, thoroughEvery, count: values.count }));
  } catch (error) {
    return refuse(usage, error instanceof Error ? error.message : String(error));
  }
}
