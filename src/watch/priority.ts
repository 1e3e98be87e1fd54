/**
 * Effective priority of a topic (spec 4.5): what it was given, how recently it was read, and how long it has been waiting.
 * It orders delivery only.
 */
import { maxEffectivePriority } from "../base/limits.ts";
import type { TopicConfig } from "../topic/config.ts";

const recency = 500;
const halfLifeMs = 30_000;
const forgottenMs = 300_000;
const agingPerMs = 0.1;
const mostAging = 1000;

/** As it is reported. `idleMs`: since the last read; `undefined` when never. */
export function effectivePriority(config: TopicConfig, idleMs: number | undefined, waitingMs = 0): number {
  return Math.round(priority(config, idleMs) + Math.min(waitingMs * agingPerMs, mostAging));
}

function priority(config: TopicConfig, idleMs: number | undefined): number {
  const given = config.priority ?? 0;
  const clamped = Math.max(-maxEffectivePriority, Math.min(maxEffectivePriority, given));
  if (config.priority !== null || !config.autoPriority || idleMs === undefined || idleMs >= forgottenMs) return clamped;
  return clamped + recency * 2 ** (-idleMs / halfLifeMs);
}
