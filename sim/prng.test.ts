import assert from "node:assert/strict";
import { Prng } from "./prng.ts";

const draws = (prng: Prng, count: number): number[] => Array.from({ length: count }, () => prng.next32());

describe("the random numbers of the simulator", () => {
  it("are the same for the same seed, today and always", () => {
    assert.deepEqual(draws(new Prng(1), 4), draws(new Prng("1"), 4));
    assert.deepEqual(draws(new Prng(42), 3), [3981369039, 3341469554, 642819224]);
  });

  it("differ between seeds", () => {
    assert.notDeepEqual(draws(new Prng(1), 4), draws(new Prng(2), 4));
  });

  it("fork by label, whatever was drawn before", () => {
    const parent = new Prng(7);
    const before = draws(parent.fork("disk"), 3);
    parent.next32();
    assert.deepEqual(draws(parent.fork("disk"), 3), before);
    assert.notDeepEqual(draws(parent.fork("timers"), 3), before);
  });

  it("stay within bounds and reach all of them", () => {
    const prng = new Prng(3);
    const seen = new Set(Array.from({ length: 1000 }, () => prng.between(5, 9)));
    assert.deepEqual([...seen].sort(), [5, 6, 7, 8, 9]);
    assert.throws(() => prng.below(0), /below/);
  });

  it("shuffle without losing anything", () => {
    const items = Array.from({ length: 50 }, (_, index) => index);
    const shuffled = new Prng(9).shuffle([...items]);
    assert.notDeepEqual(shuffled, items);
    assert.deepEqual(
      shuffled.sort((left, right) => left - right),
      items,
    );
  });
});
