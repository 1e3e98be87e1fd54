import assert from "node:assert/strict";
import { parseArguments } from "./arguments.ts";
import { withFigures } from "./document.ts";
import { figures, reportText } from "./report.ts";
import type { Series } from "./rounds.ts";
import type { Row } from "./row.ts";
import { median } from "./row.ts";

const rate: Row = {
  on: "url",
  name: "rate",
  title: "a rate",
  unit: "records/s",
  floor: 1_000_000,
  measure: () => assert.fail("not measured here"),
};
const time: Row = { ...rate, name: "time", title: "a time", unit: "ms", floor: 0.15 };
const facts = {
  circumstances: {
    machine: "a box",
    node: "v20",
    commit: "abc",
    date: "2026-01-02",
    configuration: "defaults",
    loadBefore: 0.1,
  },
  rounds: 3,
  seconds: 1,
  command: "npm run bench",
  conformance: "all of it",
};

function series(row: Row, url: string | undefined, ...values: number[]): Series {
  return { row, url, rounds: values.map((value) => ({ value })) };
}

describe("the report of a benchmark", () => {
  it("takes medians, of what was measured", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(median([NaN, 5]), 5);
    assert.ok(Number.isNaN(median([])));
  });

  it("holds rates to at least their floor and times to at most theirs", () => {
    const good = figures([series(rate, undefined, 9e5, 1.1e6, 1.2e6), series(time, undefined, 0.1, 0.15, 9)]);
    assert.deepEqual(
      good.map((figure) => figure.good),
      [true, true],
    );
    const bad = figures([series(rate, undefined, 9e5, 9.9e5, 1.2e6), series(time, undefined, 0.1, 0.16, 9)]);
    assert.deepEqual(
      bad.map((figure) => figure.good),
      [false, false],
    );
  });

  it("says what it was made of, and what was missed", () => {
    const text = reportText([series(rate, undefined, 5e5, 5e5, 6e5)], facts);
    for (const part of ["`npm run bench`", "a box", "abc", "v20", "all of it", "**500.0 K/s**", "**missed**"])
      assert.ok(text.includes(part), part);
  });

  it("compares two servers round by round", () => {
    const pair = [series(rate, "http://a", 2e6, 4e6, 6e6), series(rate, "http://b", 1e6, 4e6, 2e6)];
    assert.ok(reportText(pair, facts).includes("2.00 × as good as http://b"));
    const times = [series(time, "http://a", 0.1, 0.1, 0.1), series(time, "http://b", 0.2, 0.2, 0.2)];
    assert.ok(reportText(times, facts).includes("2.00 × as good as http://b"));
  });

  it("goes between its markers, and nowhere else", () => {
    const begin = "<!-- figures: written by npm run bench -->";
    const end = "<!-- end of figures -->";
    const text = `before\n${begin}\nold\n${end}\nafter\n`;
    assert.equal(withFigures(text, "new"), `before\n${begin}\n\nnew\n\n${end}\nafter\n`);
    assert.throws(() => withFigures("no place", "new"), /markers/);
  });
});

describe("the command line of the benchmarks", () => {
  it("understands what it documents", () => {
    const parsed = parseArguments(["--only", "http,single", "--rounds", "3", "--url", "http://localhost:4000/"]);
    assert.deepEqual(parsed.only, ["http", "single"]);
    assert.deepEqual(parsed.urls, ["http://localhost:4000"]);
    assert.deepEqual([parsed.rounds, parsed.seconds, parsed.probe], [3, 5, true]);
  });

  it("refuses what makes no sense", () => {
    for (const args of [
      ["--rounds", "0"],
      ["--seconds", "x"],
      ["--against", "http://b"],
      ["--url", "ftp://a"],
      ["--what"],
    ])
      assert.throws(() => parseArguments(args), TypeError, args.join(" "));
  });
});
