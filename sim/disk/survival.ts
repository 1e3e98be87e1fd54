/**
 * What of the pending operations survives a power loss (spec 8.1, 9.1), as a value that prints as one word and parses
 * back. Operations count from 0 in the order in which they took effect.
 *
 *   none, all          nothing, everything
 *   prefix:K           the first K
 *   drop:K, keep:K     all but number K, only number K
 *   last               only the latest
 *   entries            directory entries, but neither data nor lengths
 *   lengths            directory entries and lengths, but no data: zeros where it should be
 *   data               data and lengths, but no directory entry
 *   seed:S             each by chance: whole, dropped, or torn at 512 B or 4 KiB; lengths and entries apart from data
 *   tear:K:PATTERN     everything before write K, nothing after it, and of it some sectors:
 *     prefix=N         the first N
 *     suffix=N         the last N
 *     hole=A-B         all but A … B-1
 *     only=A-B         A … B-1 alone
 *     length           none, but the file's length
 */

export type TearPattern =
  | { readonly kind: "prefix" | "suffix"; readonly count: number }
  | { readonly kind: "hole" | "only"; readonly start: number; readonly end: number }
  | { readonly kind: "length" };

export type Survival =
  | { readonly kind: "none" | "all" | "last" | "entries" | "lengths" | "data" }
  | { readonly kind: "prefix"; readonly count: number }
  | { readonly kind: "drop" | "keep"; readonly index: number }
  | { readonly kind: "seed"; readonly seed: number }
  | { readonly kind: "tear"; readonly index: number; readonly pattern: TearPattern };

export function printSurvival(survival: Survival): string {
  switch (survival.kind) {
    case "prefix":
      return `prefix:${survival.count}`;
    case "drop":
    case "keep":
      return `${survival.kind}:${survival.index}`;
    case "seed":
      return `seed:${survival.seed}`;
    case "tear":
      return `tear:${survival.index}:${printPattern(survival.pattern)}`;
    default:
      return survival.kind;
  }
}

export function parseSurvival(text: string): Survival {
  const [kind = "", number = "", pattern] = text.split(":");
  const survival = parseParts(kind, Number.parseInt(number, 10), pattern);
  if (survival === undefined || printSurvival(survival) !== text) throw new Error(`not a survival: ${text}`);
  return survival;
}

function parseParts(kind: string, number: number, pattern: string | undefined): Survival | undefined {
  switch (kind) {
    case "none":
    case "all":
    case "last":
    case "entries":
    case "lengths":
    case "data":
      return { kind };
    case "prefix":
      return { kind, count: number };
    case "drop":
    case "keep":
      return { kind, index: number };
    case "seed":
      return { kind, seed: number };
    case "tear": {
      const parsed = parsePattern(pattern ?? "");
      return parsed === undefined ? undefined : { kind, index: number, pattern: parsed };
    }
    default:
      return undefined;
  }
}

function printPattern(pattern: TearPattern): string {
  if (pattern.kind === "length") return "length";
  return "count" in pattern ? `${pattern.kind}=${pattern.count}` : `${pattern.kind}=${pattern.start}-${pattern.end}`;
}

function parsePattern(text: string): TearPattern | undefined {
  if (text === "length") return { kind: "length" };
  const [, kind, first, second] = /^(prefix|suffix|hole|only)=(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (kind === "prefix" || kind === "suffix") return { kind, count: Number(first) };
  if (kind === "hole" || kind === "only") return { kind, start: Number(first), end: Number(second) };
  return undefined;
}
