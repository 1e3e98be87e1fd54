/** Rare states of deaths and starts (spec 6.5). */
import { onDeath, onEvent, onLook, type RareState, said } from "../rare.ts";

const fileOf = (path: string | undefined): string => path?.slice(path.lastIndexOf("/") + 1) ?? "";

export const states: readonly RareState[] = [
  onDeath("death while a server starts", (_, { phase }) => phase === "starting"),
  onDeath(
    "loss of power while a server starts",
    ({ survival }, { phase }) => phase === "starting" && survival !== undefined,
  ),
  onDeath("death while a server stops", (_, { phase }) => phase === "stopping"),
  onDeath("two deaths without a server that was ready", (_, { deathsInARow }) => deathsInARow === 1),
  onDeath("three deaths without a server that was ready", (_, { deathsInARow }) => deathsInARow === 2),
  onDeath("three deaths with writes before each", (_, { deaths, hasWritten }) => deaths >= 2 && hasWritten),
  onDeath("loss of power with much pending", ({ survival, pending }) => survival !== undefined && pending >= 10),
  onDeath("loss of power with nothing pending", ({ survival, pending }) => survival !== undefined && pending === 0),
  onDeath("loss of power that keeps entries alone", ({ survival, pending }) => survival === "entries" && pending > 0),
  onDeath("loss of power that keeps lengths alone", ({ survival, pending }) => survival === "lengths" && pending > 0),
  onDeath("loss of power that tears", ({ survival, pending }) => survival?.startsWith("seed:") === true && pending > 2),
  onDeath("death at the rename of a manifest", ({ call }) => call?.name === "rename" && fileOf(call.to) === "MANIFEST"),
  onDeath(
    "death at a write to a checkpoint",
    ({ call }) => call?.name === "write" && fileOf(call.path).endsWith(".ckpt.tmp"),
  ),
  onDeath(
    "death at the rename of a segment",
    ({ call }) => call?.name === "rename" && fileOf(call.to).endsWith(".seg"),
  ),
  onDeath("death at a write of deletes", ({ call }) => call?.name === "write" && fileOf(call.path).endsWith(".del")),
  onDeath(
    "death at the removal of a log file",
    ({ call }) => call?.name === "unlink" && fileOf(call.path).startsWith("wal-"),
  ),
  onDeath(
    "death at the removal of a segment",
    ({ call }) => call?.name === "unlink" && fileOf(call.path).endsWith(".seg"),
  ),
  onDeath(
    "death at a sync of the log",
    ({ call }) => call?.name === "datasync" && fileOf(call.path).startsWith("wal-"),
  ),
  onDeath("death at a sync of a directory", ({ call }) => call?.name === "syncDir"),
  onDeath("death of a process whose disk had failed", (_, { isStruck }) => isStruck),
  onEvent("a start after a loss of power", "wal-recovered", ({ powerLost }) => powerLost),
  onEvent("a start after a death alone", "wal-recovered", ({ powerLost, frames }) => !powerLost && frames > 0),
  onEvent("a start with another number of shards", "shards-changed"),
  onEvent("a start with fewer shards", "shards-changed", ({ from, to }) => to < from),
  onEvent("a hole is found", "hole-found"),
  onEvent("a checkpoint ends a start", "checkpoint-written", (_, { phase }) => phase === "starting"),
  onLook("a hole behind a hole", ({ seen }) => seen.tombstones.filter(({ reason }) => reason === "crash").length >= 2),
  onLook("a record behind a hole", ({ seen }) =>
    seen.tombstones.some(({ gapTo, reason }) => reason === "crash" && (seen.records.at(-1)?.seq ?? 0) > gapTo),
  ),
  onLook(
    "an acked tail lost, and announced",
    ({ crash, seen, before }) =>
      crash === "power" && seen.config.durability === "disk" && before !== undefined && seen.head > before.head,
  ),
  said("recovered twice"),
];
