import assert from "node:assert/strict";
import { growingPercent } from "./heap.ts";

describe("how far a heap may grow", () => {
  it("is 48 MiB for a small one, and a fifth for a large one", () => {
    for (const [mib, percent] of [
      [1, 400],
      [24, 200],
      [48, 100],
      [96, 50],
      [192, 25],
      [240, 20],
      [600, 20],
    ])
      assert.equal(growingPercent(mib << 20), percent, `${mib} MiB`);
  });
});
