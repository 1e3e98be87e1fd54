/** Events that somebody should look at, counted by their kind (spec 7.4: corruption counters; docs/operations.md). */
import { Counter, type Registry } from "prom-client";
import type { EngineEvent } from "../../engine/events.ts";

/** Each is there from the start with 0, so that an alert sees the first. */
export const troubleKinds = [
  "checkpoint-damaged",
  "checkpoint-failed",
  "segment-damaged",
  "segment-rescued",
  "storage-failed",
  "hole-found",
  "wal-tail-cut",
  "wal-latched",
  "wal-abandoned",
  "wal-space-short",
  "wal-archive-failed",
  "backup-failed",
  "dead-letter-failed",
  "clock-jumped",
] as const satisfies readonly EngineEvent["type"][];

export type TroubleKind = (typeof troubleKinds)[number];
export type TroubleCounter = Counter<"kind">;

const kinds: ReadonlySet<string> = new Set(troubleKinds);

export function isTrouble(type: string): type is TroubleKind {
  return kinds.has(type);
}

export function trouble(registry: Registry): TroubleCounter {
  const counter = new Counter({
    name: "topics_trouble_total",
    help: "Damage met, work that failed, and other events that somebody should look at.",
    labelNames: ["kind"],
    registers: [registry],
  });
  for (const kind of troubleKinds) counter.inc({ kind }, 0);
  return counter;
}
