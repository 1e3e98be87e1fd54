import assert from "node:assert/strict";
import { BlockCache } from "./block-cache.ts";

interface Value {
  readonly name: string;
}

function cache(maxBytes: number): { cache: BlockCache<Value>; disposed: string[] } {
  const disposed: string[] = [];
  return { cache: new BlockCache<Value>(maxBytes, ({ name }) => disposed.push(name)), disposed };
}

describe("the block cache", () => {
  it("keeps what fits, and lets go of what was used longest ago", () => {
    const { cache: blocks, disposed } = cache(100);
    for (const name of ["a", "b", "c"]) assert.equal(blocks.set(name, { name }, 30), true);
    assert.deepEqual(blocks.get("a"), { name: "a" });
    assert.equal(blocks.set("d", { name: "d" }, 60), true);
    assert.deepEqual(disposed.sort(), ["b", "c"]);
    assert.deepEqual([blocks.bytes, blocks.count], [90, 2]);
    assert.equal(blocks.get("b"), undefined);
    assert.deepEqual(blocks.get("d"), { name: "d" });
    assert.deepEqual([blocks.hits, blocks.misses], [2, 1]);
  });

  it("doesn't keep what is larger than all of it, and leaves that to its caller", () => {
    const { cache: blocks, disposed } = cache(100);
    blocks.set("a", { name: "old" }, 10);
    blocks.set("b", { name: "b" }, 10);
    assert.equal(blocks.set("a", { name: "new" }, 101), false);
    assert.equal(blocks.get("a"), undefined);
    assert.deepEqual(disposed, ["old"]);
    assert.equal(blocks.set("a", { name: "whole" }, 100), true);
    assert.deepEqual(disposed, ["old", "b"]);
    const { cache: none } = cache(0);
    assert.equal(none.set("a", { name: "a" }, 1), false);
  });

  it("disposes of a value once, however it leaves", () => {
    const { cache: blocks, disposed } = cache(100);
    blocks.set("a", { name: "replaced" }, 10);
    blocks.set("a", { name: "deleted" }, 20);
    assert.equal(blocks.bytes, 20);
    assert.equal(blocks.delete("a"), true);
    assert.equal(blocks.delete("a"), false);
    blocks.set("b", { name: "cleared" }, 10);
    blocks.clear();
    blocks.clear();
    assert.deepEqual(disposed, ["replaced", "deleted", "cleared"]);
    assert.deepEqual([blocks.bytes, blocks.count], [0, 0]);
  });

  it("can be used from within a disposal", () => {
    const seen: (Value | undefined)[] = [];
    const blocks: BlockCache<Value> = new BlockCache<Value>(10, ({ name }) => {
      seen.push(blocks.get(name));
      if (name === "a") blocks.set("again", { name: "again" }, 1);
    });
    blocks.set("a", { name: "a" }, 10);
    blocks.set("b", { name: "b" }, 5);
    assert.deepEqual(seen, [undefined]);
    assert.deepEqual(blocks.get("again"), { name: "again" });
  });

  it("refuses sizes that are none, and a value that it has by that key", () => {
    const { cache: blocks } = cache(100);
    for (const bytes of [0, -1, 0.5, Number.NaN]) assert.throws(() => blocks.set("a", { name: "a" }, bytes), /room/);
    const value = { name: "a" };
    blocks.set("a", value, 10);
    assert.throws(() => blocks.set("a", value, 10), /kept already/);
    assert.throws(() => cache(-1), /bounded/);
  });
});
