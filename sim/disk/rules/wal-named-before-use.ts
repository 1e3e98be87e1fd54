/**
 * Frames go into a WAL file only when a durable manifest names it (spec 6.2, 8.1). What it carries over comes ahead of its
 * header, and may.
 */
import { decodeManifest } from "../../../src/storage/manifest.ts";
import { manifestName, parseWalFileName } from "../../../src/storage/layout.ts";
import type { DiskView, Rule } from "../rule.ts";
import { isHeaderWrite } from "./wal-header-last.ts";

const manifestBytes = 1 << 20;

export function walNamedBeforeUse(): Rule {
  const headed = new Set<string>();
  /** Named by the manifest that was renamed last, and by one whose name is synced. */
  let renamed: ReadonlySet<string> = new Set();
  let durable: ReadonlySet<string> = new Set();
  return {
    name: "a WAL file is named before it is used",
    observe: ({ type, call, ...event }, disk) => {
      const failed = "errno" in event && event.errno !== undefined;
      if (type === "answered" && !failed) {
        if (isHeaderWrite(call)) headed.add(call.path);
        if (call.name === "rename" && call.to?.endsWith(`/${manifestName}`) === true) renamed = namedBy(call.to, disk);
        if (call.name === "syncDir") durable = renamed;
      }
      const uses = type === "issued" && call.name === "write" && headed.has(call.path);
      return uses && !durable.has(nameOf(call.path)) ? "no durable manifest names it" : undefined;
    },
  };
}

export function namedBy(path: string, disk: DiskView): ReadonlySet<string> {
  const decoded = decodeManifest(disk.head(path, manifestBytes) ?? new Uint8Array(0));
  if (decoded.outcome !== "manifest") return new Set();
  const names = decoded.manifest.layouts.flatMap(({ files }) =>
    files.flatMap((indices, shard) => indices.map((index) => `${shard}/${index}`)),
  );
  return new Set(names);
}

export function nameOf(path: string): string {
  const parsed = parseWalFileName(path.slice(path.lastIndexOf("/") + 1));
  return parsed === undefined ? path : `${parsed.shard}/${parsed.index}`;
}
