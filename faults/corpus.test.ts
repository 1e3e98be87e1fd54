/** The fault corpus (spec 8.4): every case by its name; there are as many as the contract asks for, and the catalogue is of them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { allCases } from "./case-folder.ts";
import { catalogue } from "./catalogue.ts";
import { runCase } from "./run-case.ts";

const found = await allCases();
const leastCases = 150;

for (const family of new Set(found.map((each) => each.family)))
  describe(`the fault corpus: ${family}`, () => {
    for (const each of found)
      if (each.family === family) it(`${each.case.name}: ${each.case.permits}`, () => runCase(each.case));
  });

describe("the fault corpus", () => {
  it(`has at least ${leastCases} cases, each with a name of its own`, () => {
    const names = found.map((each) => each.case.name);
    assert.ok(names.length >= leastCases, `${names.length}`);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)+$/);
  });

  it("is what the catalogue says it is (npm run faults -- --catalogue writes it)", () => {
    const written = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
    assert.equal(written, catalogue(found));
  });
});
