/** Places that there are so many of (spec 7.3): in all, for each key, and given back exactly once. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { TopicsError } from "../../base/errors.ts";
import { Grant } from "../auth/grant.ts";
import { Slots } from "./slots.ts";

const asKey = (key: number | undefined): Grant => new Grant(key, ["read"], []);
const throttled = (limit: string, max: number) => (error: unknown) => {
  assert.ok(error instanceof TopicsError && error.code === "throttled");
  assert.deepEqual(error.detail, { limit, max });
  return true;
};

describe("places", () => {
  it("are bounded in all, and free again when one is given back, once", () => {
    const slots = new Slots({ all: { limit: "max_x", max: 2 } });
    const first = slots.take(asKey(undefined));
    slots.take(asKey(1));
    assert.throws(() => slots.take(asKey(2)), throttled("max_x", 2));
    first();
    first();
    assert.equal(slots.taken, 1);
    slots.take(asKey(2));
    assert.throws(() => slots.take(asKey(2)), throttled("max_x", 2));
  });

  it("are bounded for each key, and for nobody where there are no keys", () => {
    const slots = new Slots({ perKey: { limit: "max_x_per_key", max: 1 } });
    const back = slots.take(asKey(0));
    slots.take(asKey(1));
    assert.throws(() => slots.take(asKey(0)), throttled("max_x_per_key", 1));
    for (let i = 0; i < 5; i++) slots.take(asKey(undefined));
    back();
    slots.take(asKey(0));
  });

  it("have no bound where that is 0", () => {
    const slots = new Slots({ all: { limit: "a", max: 0 }, perKey: { limit: "b", max: 0 } });
    for (let i = 0; i < 100; i++) slots.take(asKey(0));
    assert.equal(slots.taken, 100);
  });

  it("count what is held, whatever comes and goes in whatever order", () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 2 }), back: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const slots = new Slots({ all: { limit: "a", max: 8 }, perKey: { limit: "b", max: 4 } });
        const held: { key: number; back: () => void }[] = [];
        for (const { key, back } of steps) {
          const full = held.length >= 8 || held.filter((one) => one.key === key).length >= 4;
          try {
            held.push({ key, back: slots.take(asKey(key)) });
            assert.ok(!full);
          } catch (error) {
            assert.ok(full && error instanceof TopicsError);
          }
          const [gone] = back < held.length ? held.splice(back, 1) : [];
          gone?.back();
          gone?.back();
          assert.equal(slots.taken, held.length);
        }
      }),
    );
  });
});
