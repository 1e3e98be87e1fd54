import assert from "node:assert/strict";
import { growingPercent } from "./heap.ts";

describe("how far a heap may grow", () => {
  it("is 48 MiB for a small one, and a quarter for a large one", () => {
    for (const [mib, percent] of [
      [1, 400],
      [24, 200],
      [48, 100],
      [96, 50],
      [192, 25],
      [600, 25],
    ])
      assert.equal(growingPercent(mib << 20), percent, `${mib} MiB`);
  });
});
