/**
 * Names of the files in a data directory and in a cold one (spec 6.2, 6.3, 6.4). A topic's name is never part of one
 * (1.2). Anything whose name is not made here is not ours and is left alone.
 */

export const lockName = "LOCK";
export const manifestName = "MANIFEST";
/** Space for checkpoints on a full disk (spec 6.6). */
export const reserveName = "RESERVE";
/** In a cold directory: which data directory it belongs to. */
export const coldName = "COLD";
/** Suffix of a file that is not installed yet; whatever carries it may be removed at a start. */
export const temporarySuffix = ".tmp";

const walPattern = /^wal-(\d{2,})-(\d{8,})\.log$/;
const numberedPattern = /^[a-z]+-(\d{8,})\.[a-z]+$/;

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

/** A segment file has the same name in the hot and in the cold directory. */
export function segmentFileName(file: number): string {
  return numberedName("seg", file, "seg");
}

/** `undefined` unless the name is exactly what `segmentFileName` makes. */
export function parseSegmentFileName(name: string): number | undefined {
  return parseNumberedName("seg", name, "seg");
}

/** The delete companion of segment file `file`; always in the hot directory. */
export function deleteFileName(file: number): string {
  return numberedName("seg", file, "del");
}

/** `undefined` unless the name is exactly what `deleteFileName` makes. */
export function parseDeleteFileName(name: string): number | undefined {
  return parseNumberedName("seg", name, "del");
}

export function checkpointFileName(checkpoint: number): string {
  return numberedName("ckpt", checkpoint, "ckpt");
}

/** `undefined` unless the name is exactly what `checkpointFileName` makes. */
export function parseCheckpointFileName(name: string): number | undefined {
  return parseNumberedName("ckpt", name, "ckpt");
}

function numberedName(prefix: string, number: number, extension: string): string {
  return `${prefix}-${String(number).padStart(8, "0")}.${extension}`;
}

function parseNumberedName(prefix: string, name: string, extension: string): number | undefined {
  const digits = numberedPattern.exec(name)?.[1];
  if (digits === undefined) return undefined;
  const number = Number(digits);
  return numberedName(prefix, number, extension) === name ? number : undefined;
}

/** The directory that a path's last name is in. */
export function parentOf(path: string): string {
  const plain = path.replace(/\/+$/, "");
  const cut = plain.lastIndexOf("/");
  if (cut < 0) return ".";
  return cut === 0 ? "/" : plain.slice(0, cut);
}

export function baseName(path: string): string {
  const plain = path.replace(/\/+$/, "");
  return plain.slice(plain.lastIndexOf("/") + 1);
}

export function joinPath(directory: string, name: string): string {
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}
