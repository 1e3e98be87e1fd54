/** The counter of seq-text.ts against plain counting. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { seqText } from "./seq-text.ts";

describe("seqText", () => {
  const plain = (first: number, count: number): string => Array.from({ length: count }, (_, n) => first + n).join(",");

  it("counts like everybody else", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 300 }), (start, count) => {
        const first = Math.max(1, Math.min(start, Number.MAX_SAFE_INTEGER - count));
        assert.equal(seqText(first, count), plain(first, count));
      }),
      { numRuns: 200 },
    );
  });

  it("gains a digit where it has to", () => {
    for (let digits = 1; digits <= 15; digits++) {
      const first = 10 ** digits - 2;
      assert.equal(seqText(first, 5), plain(first, 5));
    }
    assert.equal(seqText(1, 10_000), plain(1, 10_000));
  });
});
