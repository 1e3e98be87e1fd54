/** A `.del` entry tells of deletes whose frames are synced (spec 6.3, 8.1): else it could outlive them. */
import { baseName, joinPath, parentOf, parseDeleteFileName } from "../../../src/storage/layout.ts";
import { segmentFileName, temporarySuffix } from "../../../src/storage/layout.ts";
import { deleteEntryBytes, deleteHeaderBytes } from "../../../src/segment/delete-format.ts";
import type { Call } from "../call.ts";
import type { DiskView, Rule } from "../rule.ts";
import { partsIn } from "./stored.ts";
import { firstUnsyncedOps } from "./unsynced-frames.ts";

export function deleteEntrySynced(): Rule {
  return {
    name: "a delete entry comes behind its frame",
    calls: ["write"],
    observe: (event, disk) => {
      const { type, call } = event;
      if (type !== "answered" || call.name !== "write") return undefined;
      const name = baseName(call.path);
      const plain = name.endsWith(temporarySuffix) ? name.slice(0, -temporarySuffix.length) : name;
      const file = parseDeleteFileName(plain);
      return file === undefined ? undefined : unsyncedEntry(call, file, disk);
    },
  };
}

function unsyncedEntry(call: Call, file: number, disk: DiskView): string | undefined {
  const directory = parentOf(call.path);
  const segment = disk.files().find((path) => baseName(path) === segmentFileName(file));
  const parts = segment === undefined ? [] : partsIn(disk.contents(segment) ?? new Uint8Array(0), file);
  const bytes = disk.contents(joinPath(directory, baseName(call.path))) ?? new Uint8Array(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const unsynced = firstUnsyncedOps(disk, directory);
  const end = Math.min(bytes.length, (call.position ?? 0) + (call.length ?? 0));
  for (let at = deleteHeaderBytes; at + deleteEntryBytes <= end; at += deleteEntryBytes) {
    if (at < (call.position ?? 0)) continue;
    const topicId = parts.at(view.getUint32(at, true))?.topicId;
    const op = Number(view.getBigUint64(at + 32, true));
    const frame = topicId === undefined ? undefined : unsynced.get(topicId);
    if (frame !== undefined && frame.op <= op)
      return `operation ${op} of topic id ${topicId}, of which operation ${frame.op} is not synced`;
  }
  return undefined;
}
