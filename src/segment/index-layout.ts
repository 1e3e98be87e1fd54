/**
 * The index of a part, format 1 (spec 6.3, docs/storage-format.md). Its length follows from the part's entry alone.
 *
 *    0  u32  magic
 *    4  u32  number of blocks, n
 *    8  u32  1 when the part has tags, else 0; when it has:
 *       u64  tag table: place          u32  its length   u64  its hash
 *       u64  tag filter: place         u32  its length   u64  its hash
 *   then n times
 *    0  u64  place of the payload      24  u64  first ts
 *    8  u32  its length                32  u64  last ts
 *   12  u32  records                   40  u64  payload bytes (`data`, `meta`) of its records
 *   16  u32  first seq less the part's 48  u64  hash of the payload
 *   20  u32  last seq less the part's
 */
import type { Extent } from "./extent.ts";

export const indexMagic = 0x3158_5254;
export const indexHeadBytes = 12;
export const indexTagsBytes = 40;
export const indexRowBytes = 56;

/** Offsets in a row. */
export const row = {
  at: 0,
  length: 8,
  records: 12,
  firstSeq: 16,
  lastSeq: 20,
  firstTs: 24,
  lastTs: 32,
  bytes: 40,
  hash: 48,
};

export function partIndexBytes(blocks: number, tagged: boolean): number {
  return indexHeadBytes + (tagged ? indexTagsBytes : 0) + blocks * indexRowBytes;
}

/** The filter is there exactly when the table is. */
export interface TagPlaces {
  readonly tags: Extent;
  readonly filter: Extent;
}
