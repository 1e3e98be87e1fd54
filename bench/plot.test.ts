import assert from "node:assert/strict";
import { plot } from "./plot.ts";
import type { Figure } from "./report.ts";
import type { Row } from "./row.ts";

const rate: Row = {
  on: "url",
  name: "rate",
  title: "more & `faster` <100>",
  unit: "records/s",
  floor: 1e6,
  measure: () => assert.fail("not measured here"),
};

function figure(row: Row, value: number, good = true): Figure {
  return { row, url: undefined, value, least: value * 0.9, most: value * 1.2, good };
}

describe("the picture of the figures", () => {
  it("has a bar, a name and a figure for each row, and tells a missed one", () => {
    const time: Row = { ...rate, name: "time", title: "time", unit: "ms", floor: 0.15 };
    const svg = plot([figure(rate, 2e6), figure({ ...rate, title: "slow" }, 3e5, false), figure(time, 0.1)]);
    for (const part of ["more &amp; faster &lt;100&gt;", "2.00 M/s", "300.0 K/s", "0.10 ms"])
      assert.ok(svg.includes(part), part);
    assert.equal(svg.split('height="18"').length - 1, 3);
    assert.equal(svg.split('fill="#b5452c"').length - 1, 3, "bar, stroke and figure of the one that missed");
    assert.ok(!svg.includes("NaN"));
  });

  it("puts twice the rate the same way further right, wherever it is", () => {
    const at = (value: number): number => {
      const rows = [figure(rate, 1e5), figure(rate, value), figure(rate, 9e7)];
      const strokes = [...plot(rows).matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="3"/g)];
      return Number(strokes[1][1]);
    };
    assert.ok(Math.abs(at(4e6) - at(2e6) - (at(4e5) - at(2e5))) < 0.2);
  });
});
