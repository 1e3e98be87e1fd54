import assert from "node:assert/strict";
import { keptSeeds } from "./catalogue.ts";
import { parseKept, printKept } from "./kept-seed.ts";
import { hashesElsewhere } from "./other-process.ts";
import { parseStep, printStep } from "./plan.ts";
import { profileNamed, profiles } from "./profile.ts";
import { describeFailure } from "./report.ts";
import { type RunOptions, runSeed } from "./simulation.ts";

/** Of each profile, in a default run. */
const seedsPerProfile = 2;
const ops = 60;

async function runsClean(options: RunOptions): Promise<string> {
  const result = await runSeed(options);
  assert.equal(result.failure && describeFailure(options, result), undefined);
  return result.hash;
}

describe("the simulator", function () {
  this.timeout(120_000);

  for (const profile of profiles)
    it(`finds nothing wrong in profile ${profile.name}`, async () => {
      for (let seed = 1; seed <= seedsPerProfile; seed++) await runsClean({ seed: String(seed), profile, ops });
    });

  for (const { name, text } of keptSeeds())
    it(`finds nothing wrong in a seed that failed once: ${name}`, async () => {
      const kept = parseKept(text);
      assert.equal(printKept(kept), text, "as it would be printed");
      await runsClean(kept);
    });

  it("does the same for the same seed, here and in another process with another time zone and language", async () => {
    const runs = profiles.map((profile) => ({ seed: "7", profile, ops: 40 }));
    const hashes: string[] = [];
    for (const options of runs) hashes.push(await runsClean(options));
    for (const [at, options] of runs.entries()) assert.equal(await runsClean(options), hashes[at]);
    const elsewhere = runs.map(({ seed, profile, ops }) => ({ seed, profile: profile.name, ops }));
    assert.deepEqual(await hashesElsewhere(elsewhere), hashes);
  });

  it("does something else for another seed", async () => {
    const profile = profileNamed("mixed");
    const one = await runSeed({ seed: "7", profile, ops: 10 });
    const other = await runSeed({ seed: "8", profile, ops: 10 });
    assert.notEqual(one.hash, other.hash);
  });

  it("prints steps that parse back", () => {
    const line = '53 +12ms deleter {"topic":"a","percent":12}';
    assert.equal(printStep(parseStep(line)), line);
  });
});
