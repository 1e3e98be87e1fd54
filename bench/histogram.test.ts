import assert from "node:assert/strict";
import { Histogram } from "./histogram.ts";

describe("the latency histogram", () => {
  it("has every percentile right to within its bucket", () => {
    const histogram = new Histogram();
    for (let us = 1; us <= 100_000; us++) histogram.record(us * 1000);
    for (const share of [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exactMs = 100 * share;
      const error = Math.abs(histogram.percentileMs(share) - exactMs) / exactMs;
      assert.ok(error < 0.02, `${share}: off by ${error}`);
    }
  });

  it("says nothing about nothing", () => {
    assert.ok(Number.isNaN(new Histogram().percentileMs(0.5)));
  });

  it("keeps what lies beyond its range at its ends", () => {
    const histogram = new Histogram();
    for (const ns of [0, -1, NaN, 1e18]) histogram.record(ns);
    assert.equal(histogram.count, 4);
    assert.ok(histogram.percentileMs(0.5) < 0.002);
    assert.ok(histogram.percentileMs(1) > 60_000);
  });

  it("comes back from its counts, and adds them up", () => {
    const histogram = new Histogram();
    for (const ns of [2000, 2000, 5_000_000]) histogram.record(ns);
    const twice = new Histogram([...histogram.counts(), ...histogram.counts()]);
    assert.equal(twice.count, 6);
    assert.equal(twice.percentileMs(0.5), histogram.percentileMs(0.5));
    assert.equal(twice.percentileMs(0.99), histogram.percentileMs(0.99));
  });
});
