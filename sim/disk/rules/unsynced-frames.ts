/** Frames that a power loss now could take: whatever is built on one of them must not outlive it (spec 6.3, 6.4). */
import { baseName, parentOf, parseWalFileName, walFileName } from "../../../src/storage/layout.ts";
import { decodeFileHeader } from "../../../src/wal/file-header.ts";
import { sectorBytes } from "../pending.ts";
import type { DiskView } from "../rule.ts";

export interface UnsyncedFrame {
  readonly path: string;
  readonly at: number;
  readonly topicId: number;
  readonly op: number;
}

const magic = 0x3146_5254;
const leastFrameBytes = 96;

/** By topic id, the first operation of each that is not synced. */
export function firstUnsyncedOps(disk: DiskView, directory: string): Map<number, UnsyncedFrame> {
  const first = new Map<number, UnsyncedFrame>();
  for (const frame of unsyncedFrames(disk, directory)) {
    const known = first.get(frame.topicId);
    if (known === undefined || frame.op < known.op) first.set(frame.topicId, frame);
  }
  return first;
}

function* unsyncedFrames(disk: DiskView, directory: string): Generator<UnsyncedFrame> {
  const logs = disk.files().filter((path) => parentOf(path) === directory && parseWalFileName(baseName(path)));
  const ends = declaredEnds(disk, logs);
  for (const path of logs) {
    const ranges = disk.unsynced(path);
    if (ranges.length === 0) continue;
    const bytes = (disk.contents(path) ?? new Uint8Array(0)).subarray(0, ends.get(baseName(path)));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const { from, to } of ranges) {
      for (let at = from - (from % 8); at + leastFrameBytes <= Math.min(to, bytes.length);) {
        if (view.getUint32(at, true) !== magic || Number(view.getBigUint64(at + 24, true)) !== at) {
          at += 8;
          continue;
        }
        yield { path, at, topicId: view.getUint32(at + 40, true), op: Number(view.getBigUint64(at + 48, true)) };
        at += Math.max(8, view.getUint32(at + 4, true));
      }
    }
  }
}

/** By name: where files end, as their successors say. What lies behind that is carried over, and is no log (6.2). */
function declaredEnds(disk: DiskView, logs: readonly string[]): Map<string, number> {
  const ends = new Map<string, number>();
  for (const path of logs) {
    const decoded = decodeFileHeader(disk.head(path, sectorBytes) ?? new Uint8Array(0));
    if (decoded.outcome !== "header" || disk.isSyncedBelow(path, sectorBytes) !== true) continue;
    const { shard, predecessor } = decoded.header;
    const name = walFileName(shard, predecessor.index);
    ends.set(name, Math.min(ends.get(name) ?? Infinity, predecessor.end));
  }
  return ends;
}
