import assert from "node:assert/strict";
import { hash64, runningHash64 } from "./hash.ts";

describe("hash64", () => {
  it("is XXH64 with seed 0", () => {
    const known: [string, bigint][] = [
      ["", 0xef46db3751d8e999n],
      ["a", 0xd24ec4f1a98c6e5bn],
      ["abc", 0x44bc2cf5ad770999n],
      ["Nobody inspects the spammish repetition", 0xfbcea83c8a378bf1n],
      ["The quick brown fox jumps over the lazy dog", 0x0b242d361fda71bcn],
    ];
    for (const [text, hash] of known) assert.equal(hash64(new TextEncoder().encode(text)), hash, text);
  });

  it("reads the bytes of a view, not of its buffer, at any length", () => {
    const bytes = Uint8Array.from({ length: 200_000 }, (_, n) => n * 31 + (n >> 8));
    for (const length of [0, 1, 31, 32, 33, 4096, 65_536, 131_073]) {
      assert.equal(hash64(bytes.subarray(7, 7 + length)), hash64(bytes.slice(7, 7 + length)));
    }
  });

  it("is the same for an input so large that it goes in pieces", () => {
    const bytes = Uint8Array.from({ length: 3_000_001 }, (_, n) => n % 251);
    assert.equal(hash64(bytes), 0x954e6aec66886a21n);
    assert.equal(hash64(bytes.subarray(1)), hash64(bytes.slice(1)));
  });

  it("changes with every bit", () => {
    const bytes = new TextEncoder().encode("forty bytes or more, so that every lane works");
    const hash = hash64(bytes);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3] ^= 1 << (bit & 7);
      assert.notEqual(hash64(bytes), hash);
      bytes[bit >> 3] ^= 1 << (bit & 7);
    }
  });
});

describe("runningHash64", () => {
  it("is the hash of all pieces together, for several at a time", () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, n) => n * 31 + (n >> 8));
    const hashes = [1, 7, 32, 4096, 100_000].map((step) => ({ step, hash: runningHash64() }));
    for (const { step, hash } of hashes)
      for (let at = 0; at < bytes.length; at += step) hash.update(bytes.subarray(at, at + step));
    for (const { hash } of hashes) assert.equal(hash.digest(), hash64(bytes));
    assert.equal(runningHash64().digest(), hash64(new Uint8Array(0)));
  });
});
