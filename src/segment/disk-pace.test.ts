import assert from "node:assert/strict";
import { DiskPace } from "./disk-pace.ts";

describe("the pace of a disk", () => {
  let nowMs: number;
  let pace: DiskPace;

  beforeEach(() => {
    nowMs = 1000;
    pace = new DiskPace({ wallMs: () => nowMs, monotonicMs: () => nowMs });
  });

  it("is good while reads come back", () => {
    const first = pace.begin();
    nowMs += 200;
    const second = pace.begin();
    first();
    nowMs += 200;
    assert.equal(pace.isSlow, false);
    second();
    assert.equal(pace.isSlow, false);
  });

  it("is bad while one does not, and for a while after it was slow", () => {
    const read = pace.begin();
    nowMs += 251;
    assert.equal(pace.isSlow, true);
    read();
    nowMs += 9_999;
    assert.equal(pace.isSlow, true);
    nowMs += 1;
    assert.equal(pace.isSlow, false);
  });
});
