import assert from "node:assert/strict";
import fc from "fast-check";
import { OverlayNode } from "./overlay-node.ts";

const page = 1 << 16;
const identity = { inode: 1n, birthtimeNs: 1n };

type Step =
  | { readonly kind: "write"; readonly at: number; readonly length: number; readonly byte: number }
  | { readonly kind: "truncate"; readonly length: number };

const place = fc.oneof(fc.nat(3 * page), fc.constantFrom(0, page - 1, page, page + 1, 2 * page));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      at: place,
      length: fc.oneof(fc.nat(100), fc.constantFrom(page, page + 7)),
      byte: fc.constantFrom(0, 0, 1, 255),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("truncate" as const), length: place }) },
);

/** A plain file, to compare with. */
function applied(bytes: Buffer, one: Step): Buffer {
  const length = one.kind === "truncate" ? one.length : Math.max(bytes.length, one.at + one.length);
  const next = Buffer.alloc(length);
  bytes.copy(next, 0, 0, Math.min(bytes.length, length));
  if (one.kind === "write") next.fill(one.byte, one.at, one.at + one.length);
  return next;
}

function readAll(node: OverlayNode, from: number): Buffer {
  const into = Buffer.alloc(Math.max(0, node.size - from) + 10, 7);
  let done = 0;
  for (let count = -1; count !== 0; done += count) count = node.read(into.subarray(done), from + done);
  return into.subarray(0, done);
}

describe("a file of an overlay", () => {
  it("reads as a plain file would that the same was written to, and leaves what lies below as it is", () => {
    fc.assert(
      fc.property(place, fc.array(step, { maxLength: 12 }), place, (length, steps, from) => {
        const below = Buffer.alloc(length, 3);
        const read = (into: Uint8Array, position: number): number => below.copy(into, 0, position);
        const node = new OverlayNode({ bytes: length, read }, identity, () => undefined);
        let expected: Buffer = Buffer.from(below);
        for (const one of steps) {
          if (one.kind === "truncate") node.truncate(one.length);
          else node.write(Buffer.alloc(one.length, one.byte), one.at);
          expected = applied(expected, one);
          assert.equal(node.size, expected.length);
          assert.ok(readAll(node, from).equals(expected.subarray(from)));
        }
        assert.ok(readAll(node, 0).equals(expected));
        assert.ok(below.every((byte) => byte === 3));
      }),
      { numRuns: 60 },
    );
  });

  it("takes no memory for zeros behind its end, and no more than it may", () => {
    let taken = 0;
    const take = (bytes: number): void => {
      taken += bytes;
      if (taken > 2 * page) throw new Error("enough");
    };
    const node = new OverlayNode(undefined, identity, take);
    node.write(new Uint8Array(50 * page), 0);
    assert.deepEqual([taken, node.size], [0, 50 * page]);
    node.write(Uint8Array.of(1), 10 * page);
    node.write(Uint8Array.of(1), 10 * page + 5);
    assert.equal(taken, page);
    assert.throws(() => node.write(new Uint8Array(3 * page).fill(1), 20 * page), /enough/);
  });
});
