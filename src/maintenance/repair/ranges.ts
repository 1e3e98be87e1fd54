/** Ranges of seqs, both ends included, ascending and disjoint. */

export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Any ranges as what they are: sorted, and joined where they touch. */
export function joined(ranges: readonly Range[]): Range[] {
  const result: { first: number; last: number }[] = [];
  for (const { first, last } of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last);
    else result.push({ first, last });
  }
  return result;
}

/** What of `ranges` lies in none of `taken`; both ascending and disjoint. */
export function without(ranges: readonly Range[], taken: readonly Range[]): Range[] {
  const result: Range[] = [];
  let at = 0;
  for (const { first, last } of ranges) {
    while (at < taken.length && taken[at].last < first) at++;
    let next = first;
    for (let i = at; i < taken.length && taken[i].first <= last; i++) {
      if (taken[i].first > next) result.push({ first: next, last: taken[i].first - 1 });
      next = Math.max(next, taken[i].last + 1);
    }
    if (next <= last) result.push({ first: next, last });
  }
  return result;
}

/** What of `ranges` lies within. */
export function within(ranges: readonly Range[], least: number, most: number): Range[] {
  return ranges
    .map(({ first, last }) => ({ first: Math.max(first, least), last: Math.min(last, most) }))
    .filter(({ first, last }) => first <= last);
}

export function seqsIn(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}
