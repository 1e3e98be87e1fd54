/** Heaps give the least first, whatever came and went before. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Heap } from "./heap.ts";

describe("a heap", () => {
  it("gives what it holds in order, as a sorted list does", () => {
    const step = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant("pop" as const), fc.constant("keep" as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = new Heap<number>();
        let list: number[] = [];
        for (const one of steps) {
          if (one === "keep") {
            heap.keep((key, item) => key === item && key % 3 !== 0);
            list = list.filter((key) => key % 3 !== 0);
          } else if (one !== "pop") {
            heap.push(one, one);
            list = [...list, one].sort((a, b) => a - b);
          } else if (list.length > 0) assert.equal(heap.pop(), list.shift());
          assert.equal(heap.size, list.length);
          assert.equal(heap.leastKey, list[0] ?? Infinity);
          assert.equal(heap.least, list[0]);
        }
        while (list.length > 0) assert.equal(heap.pop(), list.shift());
      }),
    );
  });
});
