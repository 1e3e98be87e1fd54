import assert from "node:assert/strict";
import { rareStates } from "./catalogue.ts";
import { Coverage } from "./coverage.ts";
import { faultClassCount, missing } from "./minimums.ts";

/** What a nightly run has to meet at least (spec 8.6). */
const leastStates = 60;

describe("rare states", () => {
  it("are many, and each has a name of its own", async () => {
    const states = await rareStates();
    assert.ok(states.length >= leastStates, `there are ${states.length}`);
    assert.equal(new Set(states.map(({ name }) => name)).size, states.length);
  });

  it("are missing until they are met, and so are faults", async () => {
    const states = await rareStates();
    const coverage = new Coverage();
    const all = missing(coverage, states, ["http", "lying"]);
    assert.equal(all.states.length, states.length);
    assert.equal(all.faults.length, faultClassCount);
    coverage.count("rare: log: a rotation");
    coverage.count("faults: write(wal-) short=N");
    const rest = missing(coverage, states, ["http", "lying"]);
    assert.equal(rest.states.length, states.length - 1);
    assert.equal(rest.faults.length, faultClassCount - 1);
  });

  it("of a profile that was not run are not asked for", async () => {
    const lacks = missing(new Coverage(), await rareStates(), ["mixed"]);
    assert.ok(lacks.states.every((name) => !name.startsWith("http:") && !name.startsWith("lies:")));
  });
});
