/**
 * A checkpoint gets its name when everything that it speaks of is on the device (spec 6.4, 8.1): the shards up to its
 * places, every frame whose effect it has, segments, and their `.del` as far as it counts them.
 */
import { baseName, deleteFileName, joinPath, parentOf, parseCheckpointFileName } from "../../../src/storage/layout.ts";
import { segmentFileName, walFileName } from "../../../src/storage/layout.ts";
import type { LogPlace } from "../../../src/wal/commit.ts";
import type { DiskView, Rule } from "../rule.ts";
import { checkpointIn, type StoredCheckpoint } from "./stored.ts";
import { firstUnsyncedOps } from "./unsynced-frames.ts";

export function checkpointBehindSync(): Rule {
  return {
    name: "a checkpoint comes behind what it speaks of",
    calls: ["rename"],
    observe: ({ type, call }, disk) => {
      if (type !== "issued" || call.name !== "rename" || call.to === undefined) return undefined;
      if (parseCheckpointFileName(baseName(call.to)) === undefined) return undefined;
      const stored = checkpointIn(disk.contents(call.path) ?? new Uint8Array(0));
      // What a failing disk made of it is found when it is read back, and is not named then.
      return stored === undefined || stored === "foreign" ? undefined : missing(stored, parentOf(call.to), disk);
    },
  };
}

function missing(stored: StoredCheckpoint, directory: string, disk: DiskView): string | undefined {
  for (const [what, places] of [["replay from", stored.from] as const, ["synced", stored.synced] as const])
    for (const [shard, place] of places.entries()) {
      const log = unsyncedLog(disk, directory, shard, place);
      if (log !== undefined) return `${what} ${place.index}/${place.position}: ${log}`;
    }
  const unsynced = firstUnsyncedOps(disk, directory);
  for (const [topicId, op] of stored.ops) {
    const frame = unsynced.get(topicId);
    if (frame !== undefined && frame.op <= op)
      return `topic id ${topicId} is in it as of operation ${op}, and operation ${frame.op} is not synced`;
  }
  for (const { file, bytes, deletes } of stored.segments) {
    const names = disk.files().filter((path) => baseName(path) === segmentFileName(file));
    if (!names.some((path) => isThere(disk, path, bytes))) return `segment file ${file} is not there for good`;
    if (deletes !== undefined && !isThere(disk, joinPath(directory, deleteFileName(file)), deletes.bytes))
      return `the deletes of segment file ${file} are not synced up to ${deletes.bytes}`;
  }
  return undefined;
}

/** The file of the place may have been retired, or not be begun; everything in what is there of it must be synced. */
function unsyncedLog(disk: DiskView, directory: string, shard: number, place: LogPlace): string | undefined {
  const path = joinPath(directory, walFileName(shard, place.index));
  return disk.isSyncedBelow(path, place.position) === false ? `${path} is not synced that far` : undefined;
}

export function isThere(disk: DiskView, path: string, bytes: number): boolean {
  return disk.isEntered(path) === true && disk.isSyncedBelow(path, bytes) === true;
}
