/** Puts what has a tag in the order of tags, in turns. */
import type { Pace } from "./pace.ts";
import { compareTags } from "./tag-order.ts";

interface Tagged {
  readonly tag: string;
}

interface Run<T> {
  readonly items: readonly T[];
  /** Whether the engine's own order, which is much faster, is that of code points. */
  readonly isPlain: boolean;
}

/** Sorted at once, and merged without a look at the clock. */
const runLength = 256;

export async function sortedByTag<T extends Tagged>(items: readonly T[], pace: Pace): Promise<readonly T[]> {
  let runs: Run<T>[] = [];
  for (let at = 0; at < items.length; at += runLength) {
    runs.push(sortedRun(items.slice(at, at + runLength)));
    if (pace.isDue) await pace.pause();
  }
  while (runs.length > 1) {
    const merged: Run<T>[] = [];
    for (let i = 0; i < runs.length; i += 2)
      merged.push(i + 1 < runs.length ? await merge(runs[i], runs[i + 1], pace) : runs[i]);
    runs = merged;
  }
  return runs[0]?.items ?? [];
}

function sortedRun<T extends Tagged>(items: T[]): Run<T> {
  const isPlain = !items.some(({ tag }) => high.test(tag));
  return { items: items.sort(isPlain ? byCodeUnits : byCodePoints), isPlain };
}

async function merge<T extends Tagged>(a: Run<T>, b: Run<T>, pace: Pace): Promise<Run<T>> {
  const isPlain = a.isPlain && b.isPlain;
  const compare = isPlain ? byCodeUnits : byCodePoints;
  const items: T[] = [];
  let i = 0;
  let j = 0;
  while (i < a.items.length || j < b.items.length) {
    const takesA = j === b.items.length || (i < a.items.length && compare(a.items[i], b.items[j]) <= 0);
    items.push(takesA ? a.items[i++] : b.items[j++]);
    if (items.length % runLength === 0 && pace.isDue) await pace.pause();
  }
  return { items, isPlain };
}

/** Strings with none of these compare alike by code units and by code points. */
const high = /[\ud800-\uffff]/;

function byCodeUnits(x: Tagged, y: Tagged): number {
  return x.tag < y.tag ? -1 : x.tag > y.tag ? 1 : 0;
}

function byCodePoints(x: Tagged, y: Tagged): number {
  return compareTags(x.tag, y.tag);
}
