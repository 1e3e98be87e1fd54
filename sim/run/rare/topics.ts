/** Rare states of topics, their retention and their deletes (spec 1, 2.4). */
import { onAnswer, onLook, type RareState, said } from "../rare.ts";

export const states: readonly RareState[] = [
  onLook("evicted by a cap", ({ seen }) => seen.tombstones.some(({ reason }) => reason === "cap")),
  onLook("expired", ({ seen }) => seen.tombstones.some(({ reason }) => reason === "ttl")),
  onLook("evicted and expired", ({ seen }) => seen.tombstones.some(({ reason }) => reason === "mixed")),
  onLook(
    "a floor and a hole in one topic",
    ({ seen }) =>
      seen.tombstones.some(({ reason }) => reason === "crash") &&
      seen.tombstones.some(({ reason }) => reason !== "crash"),
  ),
  onLook("all records deleted", ({ seen }) => seen.head > 5 && seen.count === 0 && seen.tombstones.length === 0),
  onLook("deleted in the middle", ({ seen }) => seen.count > 0 && seen.head - seen.earliest + 1 > seen.count),
  onLook("a topic of many records", ({ seen }) => seen.count > 200),
  onLook(
    "expired while nobody served",
    ({ crash, seen, before }) =>
      crash !== "none" && Number(seen.config.ttlMs) > 0 && (before?.records.length ?? 0) > 0 && seen.count === 0,
  ),
  onLook(
    "a topic of class memory after a death of the process",
    ({ crash, seen }) => crash === "kill" && seen.config.durability === "memory" && seen.count > 0,
  ),
  onLook(
    "an ephemeral topic after a restart",
    ({ crash, seen }) => crash !== "none" && seen.config.durability === "ephemeral" && seen.head > 0,
  ),
  onAnswer(
    "from ephemeral to fsync",
    ({ answer, before, after }) =>
      answer === "ok" && before?.durability === "ephemeral" && after?.durability === "fsync",
  ),
  onAnswer(
    "from ephemeral to memory",
    ({ answer, before, after }) =>
      answer === "ok" && before?.durability === "ephemeral" && after?.durability === "memory",
  ),
  onAnswer(
    "from fsync to ephemeral",
    ({ answer, before, after }) =>
      answer === "ok" && before?.durability === "fsync" && after?.durability === "ephemeral",
  ),
  onAnswer(
    "from memory to disk",
    ({ answer, before, after }) => answer === "ok" && before?.durability === "memory" && after?.durability === "disk",
  ),
  onAnswer(
    "a cap lowered",
    ({ answer, before, after }) =>
      answer === "ok" && Number(after?.capRecords) > 0 && Number(before?.capRecords) > Number(after?.capRecords),
  ),
  onAnswer(
    "a lifetime given to records that are there",
    ({ answer, before, after }) => answer === "ok" && before?.ttlMs === 0 && Number(after?.ttlMs) > 0,
  ),
  onAnswer("a topic deleted and made again", ({ verb, answer }) => verb === "recreate" && answer === "ok"),
  onAnswer("a topic that is full", ({ answer }) => answer === "topic_full"),
  said("the same key at once, once appended"),
  said("a key known from before a death"),
  said("a refused write tried again with its key"),
  said("a router refused for a cycle"),
  said("a long poll woken by a record"),
  said("a long poll that ran out"),
  said("a long poll ended by the end of its topic"),
];
