/**
 * `npm run matrix`: all of the crash matrix, or with `--only CASE` one case of it. `--sample N` takes N images of each
 * operation, `--seeds N` runs shuffled operations with so many seeds, `--failures N` stops one behind so many failures.
 */
import { parseArgs } from "node:util";
import { allOperations } from "./catalogue.ts";
import { runOperation } from "./matrix.ts";
import { describeFailure } from "./report.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    sample: { type: "string" },
    seeds: { type: "string" },
    failures: { type: "string", default: "5" },
    stack: { type: "boolean", default: false },
  },
});
const started = Date.now();
let [points, images, recoveries, failed] = [0, 0, 0, 0];
for (const operation of await allOperations()) {
  const before = Date.now();
  const outcome = await runOperation(operation, {
    ...(values.only === undefined ? {} : { only: values.only }),
    ...(values.sample === undefined ? {} : { sample: Number(values.sample) }),
    ...(values.seeds === undefined ? {} : { seeds: Number(values.seeds) }),
    maxFailures: Number(values.failures),
  });
  if (outcome.images + outcome.failures.length === 0) continue;
  const seconds = ((Date.now() - before) / 1000).toFixed(1);
  console.log(
    `${operation.name}: ${outcome.points} points, ${outcome.images} images, ${outcome.recoveries} recoveries, ${seconds} s`,
  );
  for (const failure of outcome.failures) {
    console.log(describeFailure(failure));
    if (values.stack) console.log(failure.error instanceof Error ? failure.error.stack : failure.error);
  }
  points += outcome.points;
  images += outcome.images;
  recoveries += outcome.recoveries;
  failed += outcome.failures.length;
}
console.log(
  `crash matrix: ${points} points, ${images} images, ${recoveries} recoveries, ${failed} failures, ${Math.round((Date.now() - started) / 1000)} s`,
);
if (images === 0) console.log("nothing by that name");
process.exitCode = failed > 0 || images === 0 ? 1 : 0;
