/** `evict_floor` ≤ `earliest_seq` ≤ `head_seq` + 1, and none of them ever falls (1.10/5). */
import { isOneInstance, type Invariant } from "../invariant.ts";

export const watermarks: Invariant = {
  number: "1.10/5",
  title: "watermarks are in order and never fall",
  check: ({ history, seen }) => {
    if (seen === undefined) return undefined;
    const first = seen.tombstones[0];
    const evicted = first !== undefined && ["cap", "ttl", "mixed"].includes(first.reason) && first.gapFrom === 1;
    const floor = evicted ? first.gapTo + 1 : 1;
    if (floor > seen.earliest) return `the evict floor ${floor} is above the earliest seq ${seen.earliest}`;
    if (seen.earliest > seen.head + 1) return `the earliest seq ${seen.earliest} is above the next one`;
    const { base } = history;
    if (base === undefined || !isOneInstance(history)) return undefined;
    if (floor < base.evictFloor) return `the evict floor fell from ${base.evictFloor} to ${floor}`;
    if (seen.earliest < base.earliest) return `the earliest seq fell from ${base.earliest} to ${seen.earliest}`;
    return seen.head < base.head ? `the head fell from ${base.head} to ${seen.head}` : undefined;
  },
};
