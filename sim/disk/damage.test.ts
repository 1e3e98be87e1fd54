import assert from "node:assert/strict";
import { cutTo, flipBit, patchedFrom, removed, replacedBy, swapBlocks, zeroRange } from "./damage.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const after = (change: (given: Uint8Array) => Uint8Array): string =>
  new TextDecoder().decode(change(bytes("abcdefgh")));

describe("damage at rest", () => {
  it("changes what it says and nothing else", () => {
    assert.equal(after(flipBit(8)), "accdefgh");
    assert.equal(after(zeroRange(1, 3)), "a\0\0defgh");
    assert.equal(after(cutTo(2)), "ab");
    assert.equal(after(replacedBy(bytes("older"))), "older");
    assert.equal(after(patchedFrom(bytes("01234567"), 2, 4, 2)), "abcd23gh");
    assert.equal(after(swapBlocks(0, 4, 2)), "efcdabgh");
    assert.equal(removed(), undefined);
    assert.throws(() => after(flipBit(64)), /no bit/);
  });
});
