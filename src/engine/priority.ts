/** Effective priority of a topic (spec 4.5): what it was given, and how recently it was read. Reported as an integer. */
import { maxEffectivePriority } from "../base/limits.ts";
import type { TopicConfig } from "../topic/config.ts";

const recency = 500;
const halfLifeMs = 30_000;
const forgottenMs = 300_000;

/** `idleMs`: since the last read; `undefined` when never. */
export function effectivePriority(config: TopicConfig, idleMs: number | undefined): number {
  const given = config.priority ?? 0;
  const clamped = Math.max(-maxEffectivePriority, Math.min(maxEffectivePriority, given));
  if (config.priority !== null || !config.autoPriority || idleMs === undefined || idleMs >= forgottenMs) return clamped;
  return Math.round(clamped + recency * 2 ** (-idleMs / halfLifeMs));
}
