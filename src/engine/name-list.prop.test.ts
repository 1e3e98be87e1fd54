import assert from "node:assert/strict";
import fc from "fast-check";
import { NameList } from "./name-list.ts";

const ordered = (names: Iterable<string>): string[] => [...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

describe("names in order", () => {
  it("are those that were added and not removed, from anywhere on", () => {
    const name = fc.integer({ min: 0, max: 3000 }).map((n) => `topic-${n}`);
    const step = fc.record({ add: fc.boolean(), name });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 3000, size: "max" }), name, (steps, least) => {
        const list = new NameList();
        const model = new Set<string>();
        for (const { add, name: given } of steps) {
          if (!add) list.remove(given);
          else if (!model.has(given)) list.add(given);
          if (add) model.add(given);
          else model.delete(given);
        }
        assert.deepEqual([...list.from("")], ordered(model));
        assert.deepEqual(
          [...list.from(least)],
          ordered(model).filter((kept) => kept >= least),
        );
      }),
      { numRuns: 30 },
    );
  });

  for (const [order, numbers] of [
    ["in order", (i: number) => i],
    ["backwards", (i: number) => 9999 - i],
    ["mixed", (i: number) => (i * 7919) % 10_000],
  ] as const)
    it(`are complete when ten thousand come ${order} and go again`, () => {
      const list = new NameList();
      const names = Array.from({ length: 10_000 }, (_, i) => String(numbers(i)).padStart(5, "0"));
      for (const name of names) list.add(name);
      assert.deepEqual([...list.from("")], ordered(names));
      assert.deepEqual([...list.from("04000")].slice(0, 2), ["04000", "04001"]);
      for (const name of names) if (!name.endsWith("7")) list.remove(name);
      assert.deepEqual([...list.from("0500")].slice(0, 2), ["05007", "05017"]);
      for (const name of names) list.remove(name);
      assert.deepEqual([...list.from("")], []);
      list.add("again");
      assert.deepEqual([...list.from("")], ["again"]);
    });
});
