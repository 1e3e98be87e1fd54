/** Files and directories of a simulated disk, each in two states: as the process sees it and as the device has it. */
import type { Content } from "./volume.ts";

interface Identity {
  /** Never reused; pending operations and directory entries speak of nodes by it. */
  readonly id: number;
  /** What `stat` shows. Reused like a real disk's: only with the birth time does it identify a file (spec 6.5). */
  readonly inode: number;
  readonly birthtimeNs: bigint;
}

export interface FileNode extends Identity {
  readonly kind: "file";
  cache: Content;
  durable: Content;
  /** Names that lead to it, as the process sees it. */
  links: number;
  /** Open handles. */
  handles: number;
  /** The highest page that was ever written to: space counts as taken up to there. */
  allocatedPages: number;
  /** The handle that holds the lock. */
  lockedBy: object | undefined;
  /** The handles that hold it together. */
  readonly sharedBy: Set<object>;
}

export interface DirectoryNode extends Identity {
  readonly kind: "directory";
  readonly cache: Map<string, number>;
  readonly durable: Map<string, number>;
}

export type DiskNode = FileNode | DirectoryNode;

export const pageBytes = 4096;

export function pagesFor(length: number): number {
  return Math.ceil(length / pageBytes);
}
