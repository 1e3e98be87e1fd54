/** Rare states of the log (spec 6.2, 6.6). */
import { onAnswer, onEvent, type RareState } from "../rare.ts";

export const states: readonly RareState[] = [
  onEvent("a rotation", "wal-rotated"),
  onEvent("a rotation with writers waiting", "wal-rotated", (_, { inFlight }) => inFlight > 1),
  onEvent("a latch with a rescue", "wal-latched", ({ rescued }) => rescued),
  onEvent("a latch without a rescue", "wal-latched", ({ rescued }) => !rescued),
  onEvent("a latch of one shard of several", "wal-latched", (_, { server }) => server.shards > 1),
  onEvent("a latch after a checkpoint of the same process", "wal-latched", (_, { happened }) =>
    happened.has("checkpoint-written"),
  ),
  onEvent("a file given up for want of space", "wal-abandoned"),
  onEvent("space runs short", "wal-space-short"),
  onEvent("space is back", "wal-space-back"),
  onEvent("a mark", "wal-marked"),
  onEvent("a tail is cut", "wal-tail-cut"),
  onEvent("a log file is retired", "wal-retired"),
  onEvent("a log file is archived", "wal-retired", (_, { server }) => server.wal.archiveDirectory !== undefined),
  onEvent("a group of many frames", "wal-written", ({ frames }) => frames >= 5),
  onAnswer("an outcome that nobody knows", ({ answer }) => answer === "unknown"),
  onAnswer(
    "a write refused by a log that is read-only or full",
    ({ verb, answer }) => verb === "append" && answer === "wal_unavailable",
  ),
  onAnswer(
    "a delete refused by a log that is read-only",
    ({ verb, answer }) => verb === "delete" && answer === "wal_unavailable",
  ),
  onAnswer("a writer sent away", ({ answer }) => answer === "throttled"),
];
