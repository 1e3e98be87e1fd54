import assert from "node:assert/strict";
import fc from "fast-check";
import { UnsavedDeaths } from "./unsaved-deaths.ts";

describe("deaths that no file tells of", () => {
  it("come out in order, each slot in one range, whatever order they came in", () => {
    const slot = fc.record({ block: fc.nat(3), slot: fc.nat(40), bytes: fc.nat(1000) });
    const some = fc.uniqueArray(slot, { selector: ({ block, slot: at }) => block * 100 + at, maxLength: 120 });
    fc.assert(
      fc.property(some, fc.boolean(), (given, sorted) => {
        const inOrder = [...given].sort((a, b) => a.block - b.block || a.slot - b.slot);
        const deaths = new UnsavedDeaths();
        for (const { block, slot: at, bytes } of sorted ? inOrder : given) deaths.add(block, at, bytes);
        const ranges = deaths.ranges(7, 8, 9);
        const slots = ranges.flatMap(({ block, first, last }) =>
          Array.from({ length: last - first + 1 }, (_, i) => ({ block, slot: first + i })),
        );
        assert.deepEqual(
          slots,
          inOrder.map(({ block, slot: at }) => ({ block, slot: at })),
        );
        for (const [i, range] of ranges.entries()) {
          const within = given.filter(
            ({ block, slot: at }) => block === range.block && at >= range.first && at <= range.last,
          );
          assert.equal(
            range.bytes,
            within.reduce((sum, { bytes }) => sum + bytes, 0),
          );
          assert.deepEqual([range.part, range.stamp, range.op], [7, 8, 9]);
          const before = ranges.at(i - 1);
          // Neighbours are one range.
          if (i > 0) assert.ok(before!.block < range.block || before!.last + 1 < range.first);
        }
      }),
    );
  });
});
