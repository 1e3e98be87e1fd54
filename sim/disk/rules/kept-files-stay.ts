/**
 * What a kept checkpoint needs is not removed or replaced (spec 6.3, 6.4, 8.1): as long as a manifest that may be found
 * names it, it stays, and so do its segments, their `.del`, and the log from its places on. Of a segment one complete
 * copy is enough, in whatever directory.
 */
import {
  baseName,
  parentOf,
  parseCheckpointFileName,
  parseDeleteFileName,
  parseSegmentFileName,
  parseWalFileName,
} from "../../../src/storage/layout.ts";
import type { Manifest } from "../../../src/storage/manifest.ts";
import { decodeFileHeader } from "../../../src/wal/file-header.ts";
import { sectorBytes } from "../pending.ts";
import type { DiskView, Rule } from "../rule.ts";
import { isThere } from "./checkpoint-behind-sync.ts";
import { checkpointsOf, endsBefore, isIn, logsOf, manifestsFound, type StoredCheckpoint } from "./stored.ts";

export function keptFilesStay(): Rule {
  return {
    name: "what a kept checkpoint needs stays",
    calls: ["unlink", "truncate", "rename"],
    observe: ({ type, call }, disk) => {
      if (type !== "issued") return undefined;
      if (call.name === "unlink") return whyNeeded(call.path, disk);
      if (call.name === "truncate") return cutsDeletes(call.path, call.length ?? 0, disk);
      if (call.name !== "rename" || call.to === undefined || disk.contents(call.to) === undefined) return undefined;
      // A whole `.del` may take the place of one that is not trusted any more.
      return parseDeleteFileName(baseName(call.to)) === undefined ? whyNeeded(call.to, disk) : undefined;
    },
  };
}

function whyNeeded(path: string, disk: DiskView): string | undefined {
  const name = baseName(path);
  const number = parseCheckpointFileName(name);
  const segment = parseSegmentFileName(name);
  const deletes = parseDeleteFileName(name);
  const wal = parseWalFileName(name);
  for (const [directory, kept, manifest] of keptIn(disk)) {
    const isHere = parentOf(path) === directory;
    const isNamed = wal === undefined ? manifest.checkpoints.includes(number ?? 0) : isIn(logsOf(manifest), wal);
    if (isHere && isNamed) return "a manifest that may be found names it";
    for (const { number: by, segments, from } of kept) {
      const needs = (file: number | undefined): (typeof segments)[number] | undefined =>
        segments.find((one) => one.file === file);
      if (segment !== undefined && needs(segment) !== undefined && !hasCopy(path, needs(segment)!.bytes, disk))
        return `checkpoint ${by} names it, and there is no other copy`;
      if (isHere && needs(deletes)?.deletes !== undefined) return `checkpoint ${by} counts on it`;
      const isLog = isHere && wal !== undefined && wal.shard < from.length && isHeaded(path, disk);
      if (isLog && !endsBefore(disk, directory, wal, from[wal.shard]))
        return `checkpoint ${by} is replayed from it, or from before it`;
    }
  }
  return undefined;
}

function cutsDeletes(path: string, length: number, disk: DiskView): string | undefined {
  const file = parseDeleteFileName(baseName(path));
  if (file === undefined) return undefined;
  for (const [directory, kept] of keptIn(disk))
    for (const { number, segments } of kept) {
      const end = segments.find((one) => one.file === file)?.deletes;
      const isCut = end !== undefined && length < end.bytes;
      if (parentOf(path) === directory && isCut) return `checkpoint ${number} counts on ${end.bytes} bytes`;
    }
  return undefined;
}

/** A directory that is being made, and has no name yet that anybody would look for it by. */
export function isUnfinished(directory: string): boolean {
  return /\/\.[^/]*\.tmp$/.test(directory);
}

/** By directory: what the manifests that may be found there name, and of that what is whole. */
function* keptIn(disk: DiskView): Generator<[string, StoredCheckpoint[], Manifest]> {
  const directories = new Set(disk.files().flatMap((path) => (baseName(path) === "MANIFEST" ? [parentOf(path)] : [])));
  for (const directory of directories) {
    if (isUnfinished(directory)) continue;
    for (const manifest of manifestsFound(disk, directory))
      yield [directory, checkpointsOf(disk, directory, manifest), manifest];
  }
}

function hasCopy(path: string, bytes: number, disk: DiskView): boolean {
  const name = baseName(path);
  return disk.files().some((other) => other !== path && baseName(other) === name && isThere(disk, other, bytes));
}

/** What begins a log anew and is named by nobody is what an interrupted change of layout left. */
function isHeaded(path: string, disk: DiskView): boolean {
  const read = decodeFileHeader(disk.head(path, sectorBytes) ?? new Uint8Array(0));
  if (read.outcome !== "header" || read.header.predecessor.index !== 0) return read.outcome === "header";
  const wal = parseWalFileName(baseName(path));
  return manifestsFound(disk, parentOf(path)).some(({ layouts }) =>
    layouts.some(({ files }) => wal !== undefined && (files[wal.shard]?.includes(wal.index) ?? false)),
  );
}
