import assert from "node:assert/strict";
import { AssertionError } from "../base/assert.ts";
import { BlockPool, largestBlockBytes, smallestBlockBytes } from "./block-pool.ts";

describe("block pool", () => {
  it("hands out blocks of doubling sizes, and larger ones to measure", () => {
    const pool = new BlockPool();
    const sizes = [1, smallestBlockBytes, smallestBlockBytes + 1, 5000, largestBlockBytes, largestBlockBytes + 1];
    assert.deepEqual(
      sizes.map((size) => pool.take(size).bytes.length),
      [1024, 1024, 2048, 8192, largestBlockBytes, largestBlockBytes + 1],
    );
  });

  it("uses a block again only when everybody has let go of it", () => {
    const pool = new BlockPool();
    const block = pool.take(100);
    block.pin();
    block.unpin();
    assert.notEqual(pool.take(100), block);
    block.unpin();
    assert.equal(pool.spareBytes, 1024);
    assert.equal(pool.take(100), block);
    block.unpin();
    assert.throws(() => block.unpin(), AssertionError);
  });

  it("keeps no more than its bound for reuse", () => {
    const pool = new BlockPool(4096);
    const blocks = Array.from({ length: 10 }, () => pool.take(1000));
    for (const block of blocks) block.unpin();
    assert.equal(pool.spareBytes, 4096);
  });

  it("cuts blocks that do not overlap", () => {
    const pool = new BlockPool();
    const blocks = Array.from({ length: 3000 }, (_, i) => pool.take(i % 2 ? 1000 : 3000));
    blocks.forEach((block, i) => block.bytes.fill(i % 251));
    blocks.forEach((block, i) => assert.ok(block.bytes.every((byte) => byte === i % 251)));
  });
});
