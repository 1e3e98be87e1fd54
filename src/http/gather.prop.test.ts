/** Gathering pieces gives their concatenation, however large they are and whatever was announced. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Gather } from "./gather.ts";

describe("Gather", () => {
  it("is concatenation", () => {
    const pieces = fc.array(fc.nat({ max: 150_000 }), { maxLength: 12 });
    fc.assert(
      fc.property(pieces, fc.nat({ max: 2_000_000 }), (lengths, expected) => {
        const gather = new Gather(expected);
        const all = lengths.map((length, n) => Buffer.alloc(length, n + 1));
        for (const piece of all) gather.add(piece);
        assert.equal(
          gather.bytes,
          lengths.reduce((sum, length) => sum + length, 0),
        );
        assert.ok(Buffer.concat(all).equals(gather.take()));
      }),
      { numRuns: 100 },
    );
  });
});
