/**
 * Names of the files in a data directory (spec 6.2). A topic's name is never part of one (1.2). Anything whose name is
 * not made here is not ours and is left alone.
 */

export const lockName = "LOCK";
export const manifestName = "MANIFEST";
/** Suffix of a file that is not installed yet; whatever carries it may be removed at a start. */
export const temporarySuffix = ".tmp";

const walPattern = /^wal-(\d{2,})-(\d{8,})\.log$/;

export interface WalFileName {
  readonly shard: number;
  readonly index: number;
}

export function walFileName(shard: number, index: number): string {
  return `wal-${String(shard).padStart(2, "0")}-${String(index).padStart(8, "0")}.log`;
}

/** `undefined` unless the name is exactly what `walFileName` makes. */
export function parseWalFileName(name: string): WalFileName | undefined {
  const found = walPattern.exec(name);
  if (!found) return undefined;
  const parsed = { shard: Number(found[1]), index: Number(found[2]) };
  return walFileName(parsed.shard, parsed.index) === name ? parsed : undefined;
}

export function joinPath(directory: string, name: string): string {
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}
