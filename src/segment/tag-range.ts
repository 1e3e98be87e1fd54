/**
 * The least and the greatest tag of a part, each cut to a few bytes (spec 6.3): kept in memory for every part, so that
 * most predicates pass most parts by without a read. It may admit what is not there, never the reverse.
 */
import type { Predicate } from "../base/predicate.ts";
import { compareTags, isWellFormed } from "./tag-order.ts";

/** In the order of `compareTags`. */
export interface TagRange {
  readonly least: string;
  readonly greatest: string;
}

export const maxRangeTagBytes = 64;
/** Up to this length nothing can have been cut off: one more character would have had room. */
const surelyWholeBytes = maxRangeTagBytes - 4;

/** Of tags in order. */
export function tagRange(least: string, greatest: string): TagRange {
  return { least: cutTag(least), greatest: cutTag(greatest) };
}

/** The longest beginning that has room, whole characters only. */
export function cutTag(tag: string): string {
  let bytes = 0;
  let end = 0;
  for (const character of tag) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxRangeTagBytes) return tag.slice(0, end);
    end += character.length;
  }
  return tag;
}

/** False only when no tag of the part matches. */
export function tagRangeAdmits(range: TagRange, predicate: Predicate): boolean {
  const wanted = predicate.op === "Eq" ? predicate.value : predicate.prefix;
  if (!isWellFormed(wanted)) return true;
  if (isAbove(wanted, range.greatest)) return false;
  if (compareTags(wanted, range.least) >= 0) return true;
  // It lies below the least tag; what begins with it may not.
  return predicate.op === "Glob" && range.least.startsWith(wanted);
}

/** Whether it lies behind the greatest tag, of which no more than `cut` is known. */
function isAbove(wanted: string, cut: string): boolean {
  if (compareTags(wanted, cut) <= 0) return false;
  return !wanted.startsWith(cut) || Buffer.byteLength(cut) <= surelyWholeBytes;
}
