/** Unsigned 64-bit integers as numbers, exact up to 2^53-1, in little-endian bytes. */
import { assert } from "./assert.ts";

const two32 = 0x1_0000_0000;

export function writeU64(into: DataView, at: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, "u64 out of range");
  into.setUint32(at, value % two32, true);
  into.setUint32(at + 4, Math.floor(value / two32), true);
}

/** `undefined` when the value is above 2^53-1: from bytes that were checked that is never so. */
export function readU64(from: DataView, at: number): number | undefined {
  const value = from.getUint32(at + 4, true) * two32 + from.getUint32(at, true);
  return Number.isSafeInteger(value) ? value : undefined;
}
