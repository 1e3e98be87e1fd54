/** Damage at rest (spec 9.2), for `SimulatedDisk.damage`: each gives what the file's bytes become. */
import { assert } from "../../src/base/assert.ts";

type Change = (bytes: Uint8Array) => Uint8Array;

export function flipBit(bit: number): Change {
  return (bytes) => {
    assert(bit >= 0 && bit < bytes.byteLength * 8, `no bit ${bit} in ${bytes.byteLength} bytes`);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return bytes;
  };
}

export function zeroRange(start: number, end: number): Change {
  return (bytes) => bytes.fill(0, start, end);
}

export function cutTo(length: number): Change {
  return (bytes) => bytes.slice(0, length);
}

/** An older copy, or another file's bytes. */
export function replacedBy(copy: Uint8Array): Change {
  return () => copy.slice();
}

/** Part of a copy at its own place: a write that was lost, or landed where it doesn't belong with another `from`. */
export function patchedFrom(copy: Uint8Array, from: number, to: number, length: number): Change {
  return (bytes) => {
    bytes.set(copy.subarray(from, from + length), to);
    return bytes;
  };
}

export function swapBlocks(first: number, second: number, length: number): Change {
  return (bytes) => {
    const kept = bytes.slice(first, first + length);
    bytes.copyWithin(first, second, second + length);
    bytes.set(kept, second);
    return bytes;
  };
}

export function removed(): undefined {
  return undefined;
}
