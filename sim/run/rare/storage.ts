/** Rare states of segments, checkpoints and backups (spec 6.3, 6.4, 6.7). */
import { onEvent, type RareState, said } from "../rare.ts";

export const states: readonly RareState[] = [
  onEvent("a checkpoint that retires log files", "checkpoint-written", ({ retired }) => retired > 0),
  onEvent("a checkpoint with writers at work", "checkpoint-written", (_, { inFlight }) => inFlight > 1),
  onEvent("a checkpoint of a process with a latched shard", "checkpoint-written", (_, { happened }) =>
    happened.has("wal-latched"),
  ),
  onEvent("a checkpoint fails", "checkpoint-failed"),
  onEvent("a checkpoint after one that failed", "checkpoint-written", (_, { happened }) =>
    happened.has("checkpoint-failed"),
  ),
  onEvent("a segment of many topics", "segment-sealed", ({ topics }) => topics > 1),
  onEvent("a segment sealed with writers at work", "segment-sealed", (_, { inFlight }) => inFlight > 1),
  onEvent("a segment rewritten", "segment-rewritten", ({ parts }) => parts === 1),
  onEvent("segments merged", "segment-rewritten", ({ parts }) => parts > 1),
  onEvent("a segment moved to the cold directory", "segment-moved"),
  onEvent("segments removed", "segments-removed"),
  onEvent("a seal fails", "storage-failed", ({ work }) => work === "seal"),
  onEvent("a sealed block that cannot be read", "segment-damaged"),
  onEvent("a backup", "backup-made"),
  onEvent("a backup with writers at work", "backup-made", (_, { inFlight }) => inFlight > 1),
  said("a backup restored and found the same"),
  said("a backup of an earlier process restored"),
  said("a directory verified after a stop"),
];
