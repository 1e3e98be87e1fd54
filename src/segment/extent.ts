/**
 * A checked range of a segment file (spec 6.3): whatever is read of one is read through an extent, and is what was written
 * or is not used. Its hash is XXH64 of exactly these bytes.
 */
import { hash64 } from "../base/hash.ts";

export interface Extent {
  readonly at: number;
  readonly bytes: number;
  readonly hash: bigint;
}

/** The extent that `bytes` will be once they are written at `at`. */
export function extentOf(at: number, bytes: Uint8Array): Extent {
  return { at, bytes: bytes.length, hash: hash64(bytes) };
}

/** Whether these are the bytes that the extent stands for. */
export function holds(extent: Extent, bytes: Uint8Array): boolean {
  return bytes.length === extent.bytes && hash64(bytes) === extent.hash;
}
