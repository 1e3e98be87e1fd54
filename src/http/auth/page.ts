/**
 * A page of a list, narrowed to what the key is for (spec 7.2): each prefix is a range of the sorted names, so that a page
 * costs what it holds, however much there is that the key may not see.
 */
import type { Grant } from "./grant.ts";

export interface Page<T> {
  readonly items: readonly T[];
  /** The last name of this page when there is more behind it. */
  readonly next: string | undefined;
}

export interface Wish {
  readonly prefix: string;
  readonly after: string | undefined;
  readonly size: number;
  /** Asked only whether there is anything: nothing counts as read. */
  readonly peek: boolean;
}

/** `list`: names with the prefix that come after `after`, in order. */
export function pageWithin<T>(
  grant: Grant,
  { prefix, after, size }: Omit<Wish, "peek">,
  list: (wish: Wish) => Page<T>,
  nameOf: (item: T) => string,
): Page<T> {
  const ranges = narrowed(grant.prefixes, prefix);
  const items: T[] = [];
  for (const [index, range] of ranges.entries()) {
    const page = list({ prefix: range, after, size: size - items.length, peek: false });
    items.push(...page.items);
    if (page.next !== undefined) return { items, next: page.next };
    if (items.length < size) continue;
    const behind = ranges.slice(index + 1);
    const more = behind.some((later) => list({ prefix: later, after, size: 1, peek: true }).items.length > 0);
    return { items, next: more ? nameOf(items[size - 1]) : undefined };
  }
  return { items, next: undefined };
}

/** Disjoint and in order: the prefixes that lie within `prefix`, or `prefix` itself where one of them holds it. */
function narrowed(prefixes: readonly string[], prefix: string): readonly string[] {
  if (prefixes.length === 0) return [prefix];
  const within = prefixes.flatMap((one) => {
    if (one.startsWith(prefix)) return [one];
    return prefix.startsWith(one) ? [prefix] : [];
  });
  const sorted = [...new Set(within)].sort();
  return sorted.filter((one) => !sorted.some((other) => other !== one && one.startsWith(other)));
}
