/**
 * One flipped bit anywhere in a data directory with everything in it (spec 6.6, 9.2): verify names the file and a place
 * near it, or a start finds exactly the same contents. It is never good where a start refuses, and never fails itself.
 */
import assert from "node:assert/strict";
import type { VerifyReport } from "../../src/maintenance/verify/verify.ts";
import { type Ending, type Made, smallDirectory } from "../sweep/directories.ts";
import { exhaustive, sampled } from "../sweep/effort.ts";
import { blankFlips, type Flip, flipped, oneFlipAByte, writtenFlips } from "../sweep/flips.ts";
import { startOn } from "../sweep/outcome.ts";
import { sealedDirectory } from "./directories.ts";
import { damagedFiles, verifyOn } from "./verify-on.ts";

interface Tally {
  found: number;
  good: number;
}

async function sweep(made: Made, flips: Iterable<Flip>): Promise<Tally> {
  const { image } = made;
  const whole = await startOn(image, made);
  assert.ok(whole.kind === "opened", "the undamaged directory opens");
  const untouched = await verifyOn(image, made);
  assert.equal(untouched.outcome, "ok", JSON.stringify(damagedFiles(untouched)));
  const tally: Tally = { found: 0, good: 0 };
  for (const flip of flips) {
    const where = `bit ${flip.bit % 8} of byte ${flip.bit >> 3} of ${flip.path}`;
    const damaged = flipped(image, flip);
    const report = await verifyOn(damaged, made);
    if (report.outcome === "ok") {
      tally.good++;
      const start = await startOn(damaged, made);
      assert.ok(start.kind === "opened" && start.contents === whole.contents, `${where}: verify saw nothing`);
    } else {
      tally.found++;
      assertNamed(report, flip, where);
    }
  }
  return tally;
}

/** A batch is smaller than this, and a segment file in these directories not much larger. */
const near = 8192;

function assertNamed(report: VerifyReport, { path, bit }: Flip, where: string): void {
  const named = report.files.find(({ file, outcome }) => file === path && outcome !== "ok");
  assert.ok(named !== undefined, `${where}: another file is named, ${JSON.stringify(damagedFiles(report))}`);
  const at = bit >> 3;
  const isNear = named.damages.some(({ offset = 0 }) => at >= offset - near && at < offset + near);
  assert.ok(named.reason !== undefined || isNear, `${where}: another place is named, ${JSON.stringify(named)}`);
}

describe("verify, where one bit is flipped", () => {
  for (const ending of ["busy", "clean"] as const satisfies Ending[])
    it(`finds it in a directory with segments and checkpoints (left ${ending})`, async function () {
      this.timeout(exhaustive ? 7_200_000 : 60_000);
      const made = await sealedDirectory({ ending });
      const flips = exhaustive ? writtenFlips(made.image) : oneFlipAByte(made.image, ending);
      const { found, good } = await sweep(made, sampled(flips, 1999));
      assert.ok(found > 40 && found > 4 * good, `most of what is written matters: ${found} found, ${good} not`);
    });

  it("finds it in a small directory, or nothing is lost by it", async function () {
    this.timeout(exhaustive ? 3_600_000 : 60_000);
    const made = await smallDirectory("idle");
    await sweep(made, sampled(oneFlipAByte(made.image, "idle"), 251));
    await sweep(made, sampled(blankFlips(made.image, false), 199));
  });
});
