/**
 * Operations that the process sees and the device may not have: what a power loss chooses from (spec 8.1). They are
 * immutable and in the order in which they took effect.
 */
import type { Content } from "./volume.ts";

/** The unit in which the device replaces bytes: a sector is old or new (spec 6.2). */
export const sectorBytes = 512;

interface Numbered {
  /** Dense over the disk's life: tells what a sync covers. */
  readonly order: number;
  /** The mutating call that did it. */
  readonly call: number;
}

/**
 * The page cache writes back whole sectors, so a write keeps an image of those it touches as they were just after it.
 * A later write that survives thereby carries what earlier ones put into the same sectors.
 */
export interface PendingWrite extends Numbered {
  readonly kind: "write";
  readonly file: number;
  readonly position: number;
  readonly length: number;
  readonly imageStart: number;
  readonly image: Uint8Array;
}

export interface PendingTruncate extends Numbered {
  readonly kind: "truncate";
  readonly file: number;
  readonly length: number;
}

/** A new name in a directory: create, mkdir, link, and the target's side of a move between directories. */
export interface PendingLink extends Numbered {
  readonly kind: "link";
  readonly directory: number;
  readonly name: string;
  readonly node: number;
}

/** A name gone: unlink, and the source's side of a move between directories. */
export interface PendingUnlink extends Numbered {
  readonly kind: "unlink";
  readonly directory: number;
  readonly name: string;
}

/** A rename within one directory is atomic: old or new, never neither (spec 6.6). */
export interface PendingRename extends Numbered {
  readonly kind: "rename";
  readonly directory: number;
  readonly from: string;
  readonly to: string;
  readonly node: number;
}

export type PendingData = PendingWrite | PendingTruncate;
export type PendingEntry = PendingLink | PendingUnlink | PendingRename;
export type PendingOperation = PendingData | PendingEntry;

export function isData(operation: PendingOperation): operation is PendingData {
  return operation.kind === "write" || operation.kind === "truncate";
}

export function sectorCount(write: PendingWrite): number {
  return Math.ceil((write.position + write.length - write.imageStart) / sectorBytes);
}

/** What of a data operation reaches the device. */
export interface Reach {
  /** Whether a sector, counted from the first one touched, is new. */
  readonly sector: (index: number) => boolean;
  /** Whether the file's length covers the operation even where its data doesn't survive (zeros). */
  readonly length: boolean;
}

export const wholly: Reach = { sector: () => true, length: true };

export function applyWrite(to: Content, write: PendingWrite, reach: Reach): void {
  const end = write.position + write.length;
  // The image may hold bytes behind the write that another operation's length change put there: not this one's to bring.
  const limit = Math.min(write.imageStart + write.image.byteLength, Math.max(end, to.size));
  if (reach === wholly) {
    to.write(write.image.subarray(0, limit - write.imageStart), write.imageStart);
    return;
  }
  const count = sectorCount(write);
  for (let index = 0; index < count; index++) {
    if (!reach.sector(index)) continue;
    const start = index * sectorBytes;
    const stop = Math.min(start + sectorBytes, limit - write.imageStart);
    to.write(write.image.subarray(start, stop), write.imageStart + start);
  }
  if (reach.length && to.size < end) to.resize(end);
}

export function applyEntry(to: Map<string, number>, entry: PendingEntry): void {
  if (entry.kind === "unlink") to.delete(entry.name);
  else if (entry.kind === "link") to.set(entry.name, entry.node);
  else {
    to.delete(entry.from);
    to.set(entry.to, entry.node);
  }
}

export function describeOperation(operation: PendingOperation): string {
  const call = `call ${operation.call}`;
  switch (operation.kind) {
    case "write":
      return `${call}: write file ${operation.file} [${operation.position}, ${operation.position + operation.length})`;
    case "truncate":
      return `${call}: truncate file ${operation.file} to ${operation.length}`;
    case "link":
      return `${call}: link ${operation.name} → ${operation.node} in directory ${operation.directory}`;
    case "unlink":
      return `${call}: unlink ${operation.name} in directory ${operation.directory}`;
    case "rename":
      return `${call}: rename ${operation.from} → ${operation.to} in directory ${operation.directory}`;
  }
}
