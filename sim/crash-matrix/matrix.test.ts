import assert from "node:assert/strict";
import { allOperations } from "./catalogue.ts";
import { runOperation } from "./matrix.ts";
import { describeFailure } from "./report.ts";

const operations = await allOperations();
const exhaustive = process.env["TOPICS_TEST_EXHAUSTIVE"] === "1";
const sample = Number(process.env["TOPICS_TEST_SAMPLE"] ?? 38);
/** What the default run had when this was written; it must not fall. */
const leastPoints = 8600;
const leastImages = 2600;

describe("the crash matrix", function () {
  this.timeout(exhaustive ? 0 : 300_000);
  const total = { points: 0, images: 0, still: 0, recoveries: 0 };

  for (const operation of operations)
    it(`recovers from a crash anywhere in ${operation.name}`, async () => {
      const { points, images, still, recoveries, failures } = await runOperation(
        operation,
        exhaustive ? {} : { sample },
      );
      total.points += points;
      total.images += images;
      total.still += still;
      total.recoveries += recoveries;
      assert.equal(failures.map(describeFailure).join("\n"), "");
    });

  after(() => {
    const { points, images, still, recoveries } = total;
    console.log(
      `    crash matrix: ${operations.length} operations, ${points} crash points, ${images} images, ${still} with nothing pending, ${recoveries} recoveries`,
    );
    if (sample < 38) return;
    assert.ok(points >= leastPoints && images >= leastImages, "the matrix must not shrink");
  });
});
