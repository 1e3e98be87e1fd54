/**
 * Where a read begins, and what it has to announce first (spec 1.5): at most one tombstone, for records that retention
 * took from below the floor, for a hole that the cursor stands at, or for a cursor from another instance of the topic.
 */
import type { Hole, Holes } from "./holes.ts";
import type { Tombstone, TombstoneReason } from "./read.ts";
import type { View } from "./retention.ts";
import type { SilentGaps } from "./silent-gaps.ts";

export interface Beginning {
  readonly tombstone: Tombstone | undefined;
  /** Exclusive, like any cursor. */
  readonly cursor: number;
  /** The last seq that this read may reach: it never crosses a hole that lies ahead. */
  readonly until: number;
}

export function beginning(fromSeq: number, head: number, view: View, holes: Holes, silent: SilentGaps): Beginning {
  const ends = { earliestSeq: view.earliestSeq, headSeq: head };
  const next = fromSeq + 1;
  if (fromSeq > head) {
    const tombstone = { gapFrom: 1, gapTo: head, reason: "recreated", missedEstimate: head, ...ends } as const;
    return { tombstone, ...upToHole(view.evictFloor - 1, head, holes) };
  }
  if (next < view.evictFloor) {
    const gapTo = view.evictFloor - 1;
    const missedEstimate = gapTo - fromSeq - silent.countIn(next, gapTo);
    const tombstone = { gapFrom: next, gapTo, reason: evictionReason(next, view), missedEstimate, ...ends };
    return { tombstone, ...upToHole(gapTo, head, holes) };
  }
  const hole = holes.at(next);
  if (hole === undefined || hole.from > next) return { tombstone: undefined, ...upToHole(fromSeq, head, holes) };
  return { tombstone: { ...lost(next, hole), ...ends }, ...upToHole(hole.to, head, holes) };
}

function lost(next: number, hole: Hole): Pick<Tombstone, "gapFrom" | "gapTo" | "reason" | "missedEstimate"> {
  return { gapFrom: next, gapTo: hole.to, reason: hole.cause, missedEstimate: hole.to - next + 1 };
}

/** The gap ends at the floor, so that a cause lies in it iff its own floor lies behind the cursor's next seq. */
function evictionReason(next: number, view: View): TombstoneReason {
  if (next >= view.capFloor) return "ttl";
  return next >= view.ttlFloor ? "cap" : "mixed";
}

function upToHole(cursor: number, head: number, holes: Holes): { readonly cursor: number; readonly until: number } {
  const ahead = holes.at(cursor + 1);
  return { cursor, until: ahead === undefined ? head : Math.max(cursor, ahead.from - 1) };
}
