/** What a nightly run has to have met (spec 8.2, 8.6): every class of fault, every rare state; one that never came tests nothing. */
import type { Coverage } from "./coverage.ts";
import type { RareState } from "./rare.ts";

/** By how coverage counts them. */
const faultClasses: ReadonlyMap<string, RegExp> = new Map([
  ["a write fails", /^write\(.*\) (after=N:)?E(?!NOSPC)/],
  ["a write comes short", /^write\(.*\) short/],
  ["a write finds no space", /^write\(.*\) (after=N:)?ENOSPC/],
  ["a sync fails, and what it covers stays dirty", /^datasync\(.*\) EIO(:forever)?$/],
  ["a sync fails, and the cache keeps what the disk has not", /^datasync\(.*\) EIO:A/],
  ["a sync fails, and the cache is reverted", /^datasync\(.*\) EIO:B/],
  ["a sync is slow", /^datasync\(.*\) delay/],
  ["a sync hangs", /^datasync\(.*\) hang/],
  ["a sync lies", /^datasync\(.*\) lie/],
  ["a sync of a directory fails", /^syncDir E/],
  ["a sync of a directory lies", /^syncDir lie/],
  ["a file cannot be opened", /^open\(.*\) E/],
  ["a rename fails", /^rename E/],
  ["a removal fails", /^unlink E/],
  ["a read fails", /^read\(.*\) E/],
  ["a read comes short", /^read\(.*\) short/],
  ["a read is slow", /^read\(.*\) delay/],
]);

/** Families that only some profiles can meet. */
const needs: Readonly<Record<string, string>> = { http: "http", lies: "lying" };

export interface Missing {
  readonly faults: readonly string[];
  readonly states: readonly string[];
}

/** `profiles`: those that were run. */
export function missing(coverage: Coverage, states: readonly RareState[], profiles: readonly string[]): Missing {
  const fired = [...coverage.counts].filter(([name, times]) => name.startsWith("faults: ") && times > 0);
  const faults = fired.map(([name]) => name.slice("faults: ".length));
  const possible = ({ name }: RareState): boolean => {
    const profile = needs[name.split(":")[0] ?? ""];
    return profile === undefined || profiles.includes(profile);
  };
  return {
    faults: [...faultClasses].flatMap(([name, pattern]) => (faults.some((one) => pattern.test(one)) ? [] : [name])),
    states: states.filter(possible).flatMap(({ name }) => (coverage.of(`rare: ${name}`) > 0 ? [] : [name])),
  };
}

export const faultClassCount = faultClasses.size;
