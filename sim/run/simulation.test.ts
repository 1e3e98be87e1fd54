import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { keptSeeds } from "./catalogue.ts";
import { parseKept, printKept } from "./kept-seed.ts";
import { parseStep, printStep } from "./plan.ts";
import { profileNamed, profiles } from "./profile.ts";
import { describeFailure } from "./report.ts";
import { type RunOptions, runSeed } from "./simulation.ts";

/** Of each profile, in a default run. */
const seedsPerProfile = 3;
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
    const options = { seed: "7", profile: profileNamed("mixed"), ops: 30 };
    const hash = await runsClean(options);
    assert.equal(await runsClean(options), hash);
    const extension = import.meta.filename.endsWith(".ts") ? "ts" : "js";
    const main = join(import.meta.dirname, `main.${extension}`);
    const loader = extension === "ts" ? ["--import", "ts-blank-space/register"] : [];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...loader, main, "--seed", "7", "--ops", "30", "--profile", "mixed"],
      { env: { PATH: process.env["PATH"], TZ: "Pacific/Chatham", LANG: "tr_TR.UTF-8" } },
    );
    assert.match(stdout, new RegExp(`^trace hash: ${hash}$`, "m"));
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
