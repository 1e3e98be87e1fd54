/** `npm run matrix`: all of the crash matrix, a sample of it, or one case (spec 8.3). */
import { optionsOf, refuse, wholeNumber } from "../command-line.ts";
import { allOperations } from "./catalogue.ts";
import { runOperation } from "./matrix.ts";
import { describeFailure } from "./report.ts";

const usage = `usage: npm run matrix -- [options]

Runs every storage operation on a simulated disk, crashes it at each of its mutating calls, and recovers from
every state that the crash may leave. Without options it does all of that, which takes hours.

  --only CASE           one operation, or one seed, point or image of it:
                        rotation, mixed#3, rotation@17, rotation@17/seed:3
  --sample N            N images of each operation and seed
  --thorough-every N    only one image in N is crashed and interrupted further; the others are recovered twice
  --seeds N             so many seeds of operations whose calls overtake each other
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
  ...(values.only === undefined ? {} : { only: values.only }),
  ...(sample === undefined ? {} : { sample }),
  ...(seeds === undefined ? {} : { seeds }),
  ...(thoroughEvery === undefined ? {} : { thoroughEvery }),
  countOnly: values.count,
  maxFailures: wholeNumber(usage, "failures", values.failures),
};
const asked = values.only?.split(/[#@]/)[0];
if (asked !== undefined && !operations.some(({ name }) => name === asked)) refuse(usage, `no operation ${asked}`);

const started = Date.now();
let [points, cases, images, still, recoveries, failed] = [0, 0, 0, 0, 0, 0];
for (const operation of operations) {
  if (asked !== undefined && operation.name !== asked) continue;
  const before = Date.now();
  const outcome = await runOperation(operation, options);
  const seconds = ((Date.now() - before) / 1000).toFixed(1);
  console.log(
    `${operation.name}: ${outcome.points} points, ${outcome.cases} survivals, ${outcome.images} images, ${outcome.still} with nothing pending, ` +
      `${outcome.recoveries} recoveries, ${seconds} s`,
  );
  for (const failure of outcome.failures) {
    console.log(describeFailure(failure));
    if (values.stack) console.log(failure.error instanceof Error ? failure.error.stack : failure.error);
  }
  points += outcome.points;
  cases += outcome.cases;
  images += outcome.images;
  still += outcome.still;
  recoveries += outcome.recoveries;
  failed += outcome.failures.length;
}
console.log(
  `crash matrix: ${points} points, ${cases} survivals, ${images} images, ${still} with nothing pending, ${recoveries} recoveries, ` +
    `${failed} failures, ${Math.round((Date.now() - started) / 1000)} s`,
);
process.exitCode = failed > 0 || images + still === 0 ? 1 : 0;
