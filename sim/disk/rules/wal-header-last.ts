/**
 * The header of a WAL file makes it part of the log (spec 6.2, 8.1): before it is written, what the file carries over is
 * synced, and so is the predecessor up to the end that the header declares.
 */
import { joinPath, walFileName } from "../../../src/storage/layout.ts";
import { decodeFileHeader } from "../../../src/wal/file-header.ts";
import type { Call } from "../call.ts";
import type { DiskView, Rule } from "../rule.ts";
import { sectorBytes } from "../pending.ts";

const walPath = /^(.*)\/wal-\d+-\d+\.log$/;

export function isHeaderWrite(call: Call): boolean {
  return call.name === "write" && walPath.test(call.path) && call.position === 0 && call.length === sectorBytes;
}

export function walHeaderLast(): Rule {
  return {
    name: "a WAL file's header comes last",
    calls: ["write"],
    observe: (event, disk) => {
      const { call } = event;
      if (!isHeaderWrite(call)) return undefined;
      if (event.type === "answered") return event.errno === undefined ? unsyncedPredecessor(call, disk) : undefined;
      return disk.hasUnsyncedData(call.node ?? 0, sectorBytes) ? "what the file carries over is not synced" : undefined;
    },
  };
}

function unsyncedPredecessor(call: Call, disk: DiskView): string | undefined {
  const decoded = decodeFileHeader(disk.head(call.path, sectorBytes) ?? new Uint8Array(0));
  // Written short: there is no header yet.
  if (decoded.outcome !== "header") return undefined;
  const { shard, predecessor } = decoded.header;
  if (predecessor.index === 0) return undefined;
  const directory = walPath.exec(call.path)?.[1] ?? "";
  const path = joinPath(directory, walFileName(shard, predecessor.index));
  return disk.isSyncedBelow(path, predecessor.end) === false
    ? `its predecessor is not synced up to ${predecessor.end}`
    : undefined;
}
