/**
 * Frames go into a WAL file only when a durable manifest names it (spec 6.2, 8.1). What it carries over comes ahead of its
 * header, and may.
 */
import { manifestName, parentOf, parseWalFileName } from "../../../src/storage/layout.ts";
import type { DiskView, Rule } from "../rule.ts";
import { sectorBytes } from "../pending.ts";
import { logsOf, manifestIn } from "./stored.ts";
import { isHeaderWrite } from "./wal-header-last.ts";

export function walNamedBeforeUse(): Rule {
  const headed = new Set<string>();
  /** By directory: named by the manifest that was renamed last, and by one whose name is synced. */
  const renamed = new Map<string, ReadonlySet<string>>();
  const durable = new Map<string, ReadonlySet<string>>();
  return {
    name: "a WAL file is named before it is used",
    calls: ["write", "rename", "syncDir"],
    observe: ({ type, call, ...event }, disk) => {
      const failed = "errno" in event && event.errno !== undefined;
      if (type === "answered" && !failed) {
        if (isHeaderWrite(call)) headed.add(call.path);
        if (call.name === "rename" && call.to?.endsWith(`/${manifestName}`) === true)
          renamed.set(parentOf(call.to), namedBy(call.to, disk));
        const synced = call.name === "syncDir" ? renamed.get(call.path) : undefined;
        if (synced !== undefined) durable.set(call.path, synced);
      }
      const behindHeader = (call.position ?? 0) + (call.length ?? 0) > sectorBytes;
      const uses = type === "issued" && call.name === "write" && behindHeader && headed.has(call.path);
      const isNamed = durable.get(parentOf(call.path))?.has(nameOf(call.path)) === true;
      return uses && !isNamed ? "no durable manifest names it" : undefined;
    },
  };
}

export function namedBy(path: string, disk: DiskView): ReadonlySet<string> {
  const manifest = manifestIn(disk.contents(path));
  return new Set(manifest === undefined ? [] : logsOf(manifest).map(({ shard, index }) => `${shard}/${index}`));
}

export function nameOf(path: string): string {
  const parsed = parseWalFileName(path.slice(path.lastIndexOf("/") + 1));
  return parsed === undefined ? path : `${parsed.shard}/${parsed.index}`;
}
