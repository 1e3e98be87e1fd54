/** What files of a data directory say, as rules of order have to know it: read in one go, `undefined` where it isn't whole. */
import { decodeFooter, decodeHead, decodeSectionHead } from "../../../src/checkpoint/format.ts";
import { footerBytes, headBytes, sectionHeadBytes } from "../../../src/checkpoint/format.ts";
import { hash64 } from "../../../src/base/hash.ts";
import { readSegments, readTopics, readWhole, sectionKind } from "../../../src/engine/checkpoint-codec.ts";
import type { WholeSection } from "../../../src/engine/checkpoint-codec.ts";
import type { NamedSegment } from "../../../src/engine/segments.ts";
import { decodeSegmentFooter, segmentFooterBytes } from "../../../src/segment/format.ts";
import type { PartEntry } from "../../../src/segment/part-entry.ts";
import { decodePartRows } from "../../../src/segment/parts-directory.ts";
import {
  baseName,
  checkpointFileName,
  joinPath,
  manifestName,
  parentOf,
  parseWalFileName,
} from "../../../src/storage/layout.ts";
import { decodeManifest, type Manifest } from "../../../src/storage/manifest.ts";
import { decodeSection } from "../../../src/topic/section.ts";
import type { LogPlace } from "../../../src/wal/commit.ts";
import { decodeFileHeader } from "../../../src/wal/file-header.ts";
import { sectorBytes } from "../pending.ts";
import type { DiskView } from "../rule.ts";

export interface StoredCheckpoint extends WholeSection {
  readonly number: number;
  readonly segments: readonly NamedSegment[];
  /** By topic id: its last operation in here. */
  readonly ops: ReadonlyMap<number, number>;
}

/** The same few are looked at again and again. */
const recent = new Map<bigint, StoredCheckpoint | "foreign" | undefined>();
const recentManifests = new Map<bigint, Manifest | undefined>();
const mostRecent = 64;

/** `foreign`: whole, and not an engine's. */
export function checkpointIn(bytes: Uint8Array): StoredCheckpoint | "foreign" | undefined {
  const key = hash64(bytes);
  if (recent.has(key)) return recent.get(key);
  if (recent.size >= mostRecent) recent.clear();
  const read = readCheckpoint(bytes);
  recent.set(key, read);
  return read;
}

function readCheckpoint(bytes: Uint8Array): StoredCheckpoint | "foreign" | undefined {
  const first = decodeHead(bytes.subarray(0, headBytes));
  if (first.outcome !== "sound" || bytes.length < headBytes + footerBytes) return undefined;
  let { chain } = first.value;
  let whole: WholeSection | undefined;
  let segments: readonly NamedSegment[] | undefined;
  const ops = new Map<number, number>();
  let at = headBytes;
  const end = bytes.length - footerBytes;
  while (at < end) {
    const section = decodeSectionHead(bytes.subarray(at, at + sectionHeadBytes), chain);
    if (section.outcome !== "sound") return undefined;
    const { kind, payloadBytes, payloadHash } = section.value.head;
    const payload = bytes.subarray(at + sectionHeadBytes, at + sectionHeadBytes + payloadBytes);
    if (hash64(payload) !== payloadHash) return undefined;
    if (kind === sectionKind.whole) whole = readWhole(payload);
    else if (kind === sectionKind.segments) segments = readSegments(payload);
    else for (const text of readTopics(payload)) noteOp(ops, text);
    chain = section.value.chain;
    at += sectionHeadBytes + payloadBytes;
  }
  const last = decodeFooter(bytes.subarray(end));
  if (last.outcome !== "sound" || last.value.chain !== chain || at !== end) return undefined;
  if (whole === undefined || segments === undefined) return "foreign";
  return { ...whole, number: first.value.head.number, segments, ops };
}

function noteOp(ops: Map<number, number>, text: string): void {
  const section = decodeSection(text);
  if (section !== undefined) ops.set(section.id, section.op);
}

export function manifestIn(bytes: Uint8Array = new Uint8Array(0)): Manifest | undefined {
  const key = hash64(bytes);
  if (recentManifests.has(key)) return recentManifests.get(key);
  if (recentManifests.size >= mostRecent) recentManifests.clear();
  const decoded = decodeManifest(bytes);
  const manifest = decoded.outcome === "manifest" ? decoded.manifest : undefined;
  recentManifests.set(key, manifest);
  return manifest;
}

/** Every manifest that may be found after a power loss now. */
export function manifestsFound(disk: DiskView, directory: string): Manifest[] {
  return disk.found(joinPath(directory, manifestName)).flatMap((bytes) => manifestIn(bytes) ?? []);
}

/** Of the checkpoints that a manifest names, those that are whole. */
export function checkpointsOf(disk: DiskView, directory: string, { checkpoints }: Manifest): StoredCheckpoint[] {
  return checkpoints.flatMap((number) => {
    const bytes = disk.contents(joinPath(directory, checkpointFileName(number)));
    const stored = bytes && checkpointIn(bytes);
    return stored === undefined || stored === "foreign" ? [] : stored;
  });
}

export function partsIn(bytes: Uint8Array, file: number): readonly PartEntry[] {
  const footer = decodeSegmentFooter(bytes.subarray(-segmentFooterBytes), bytes.length);
  if (footer.outcome !== "sound") return [];
  const { directory, parts } = footer.value;
  const rows = decodePartRows(bytes.subarray(directory.at, directory.at + directory.bytes), file, parts);
  return rows.ok ? rows.parts : [];
}

/** Whether a replay from a place of that shard never comes to a file: it ends before it, as its successor says. */
export function endsBefore(disk: DiskView, directory: string, log: Log, place: LogPlace): boolean {
  if (log.index !== place.index) return log.index < place.index;
  return disk.files().some((path) => {
    const name = parseWalFileName(baseName(path));
    if (parentOf(path) !== directory || name?.shard !== log.shard) return false;
    const decoded = decodeFileHeader(disk.head(path, sectorBytes) ?? new Uint8Array(0));
    if (decoded.outcome !== "header") return false;
    const { predecessor } = decoded.header;
    return predecessor.index === log.index && predecessor.end <= place.position;
  });
}

export interface Log {
  readonly shard: number;
  readonly index: number;
}

/** All that it names. */
export function logsOf({ layouts }: Manifest): Log[] {
  return layouts.flatMap(({ files }) => files.flatMap((indices, shard) => indices.map((index) => ({ shard, index }))));
}

export function isIn(logs: readonly Log[], { shard, index }: Log): boolean {
  return logs.some((one) => one.shard === shard && one.index === index);
}
