/**
 * The survivals worth trying on what is pending: every one of the enumerable kinds, or a sample of them that always has
 * both ends. The list depends on the pending operations and the seed alone.
 */
import { Prng } from "../prng.ts";
import type { PendingOperation } from "./pending.ts";
import { sectorCount } from "./pending.ts";
import type { Survival, TearPattern } from "./survival.ts";

export type SurvivalChoice =
  | { readonly exhaustive: true; readonly seed?: number | string }
  | { readonly sample: number; readonly seed: number | string };

/** Random subsets in an exhaustive list. */
const seededSubsets = 8;

/** Up to this many sectors every boundary is tried; beyond it those near the ends and the powers of two. */
const smallWriteSectors = 16;

export function survivals(pending: readonly PendingOperation[], choice: SurvivalChoice): Survival[] {
  const prng = new Prng(choice.seed ?? 0).fork("survivals");
  if (pending.length === 0) return [{ kind: "all" }];
  const ends: Survival[] = [{ kind: "none" }, { kind: "all" }];
  const between = [...structured(pending), ...seeded(prng)];
  if ("exhaustive" in choice) return [...ends, ...between];
  return [...ends, ...prng.shuffle(between).slice(0, Math.max(0, choice.sample - ends.length))];
}

function structured(pending: readonly PendingOperation[]): Survival[] {
  const found: Survival[] = [{ kind: "last" }, { kind: "entries" }, { kind: "lengths" }, { kind: "data" }];
  for (let count = 1; count < pending.length; count++) found.push({ kind: "prefix", count });
  pending.forEach((operation, index) => {
    found.push({ kind: "drop", index }, { kind: "keep", index });
    if (operation.kind !== "write") return;
    for (const pattern of patterns(sectorCount(operation))) found.push({ kind: "tear", index, pattern });
  });
  return found;
}

function seeded(prng: Prng): Survival[] {
  return Array.from({ length: seededSubsets }, () => ({ kind: "seed", seed: prng.next32() }));
}

function patterns(sectors: number): TearPattern[] {
  const found: TearPattern[] = [{ kind: "length" }];
  for (const count of boundaries(sectors)) {
    found.push({ kind: "prefix", count }, { kind: "suffix", count });
    if (count + 1 < sectors) {
      found.push({ kind: "hole", start: count, end: count + 1 }, { kind: "only", start: count, end: count + 1 });
    }
  }
  return found;
}

/** Numbers of sectors from 1 to one less than all. */
function boundaries(sectors: number): number[] {
  const all = Array.from({ length: Math.max(0, sectors - 1) }, (_, index) => index + 1);
  if (sectors <= smallWriteSectors) return all;
  const isPower = (count: number): boolean => (count & (count - 1)) === 0;
  return all.filter((count) => isPower(count) || count >= sectors - 2);
}
