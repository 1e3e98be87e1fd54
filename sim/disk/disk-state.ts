/**
 * What a simulated disk holds: nodes, their cached and durable states, and the pending operations between the two
 * (spec 8.1). Calls are checked by simulated-fs.ts and
 * simulated-file.ts; here every change is carried out as told.
 */
import { assert } from "../../src/base/assert.ts";
import type { DirectoryNode, DiskNode, FileNode } from "./node.ts";
import { pageBytes, pagesFor } from "./node.ts";
import { OperationLog } from "./operation-log.ts";
import type {
  PendingData,
  PendingEntry,
  PendingLink,
  PendingOperation,
  PendingRename,
  PendingTruncate,
  PendingUnlink,
  PendingWrite,
} from "./pending.ts";
import { applyEntry, applyWrite, isData, sectorBytes, wholly } from "./pending.ts";
import { Volume } from "./volume.ts";

/** How a failed sync leaves the pages it covered: dirty, clean with the new bytes, or clean and reverted (spec 9.1). */
export type FailedSync = "dirty" | "A" | "B";

export const rootId = 1;
const firstBirthNs = 1_900_000_000_000_000_000n;

export class DiskState {
  readonly nodes = new Map<number, DiskNode>();
  readonly #cacheVolume = new Volume();
  readonly #durableVolume = new Volume();
  readonly #freeInodes: number[] = [];
  readonly #log: OperationLog;
  #nextId: number;
  #nextInode: number;
  #usedPages = 0;
  #unlinked = false;
  /** Pages there are altogether. */
  #capacityPages = Number.POSITIVE_INFINITY;

  /** Ids go on where an earlier state of the same device left off, so that birth times never repeat. */
  constructor(earlier?: DiskState, pending: readonly PendingOperation[] = []) {
    this.#log = new OperationLog(pending);
    this.#nextId = earlier === undefined ? rootId : earlier.#nextId;
    this.#nextInode = earlier === undefined ? 2 : earlier.#nextInode;
    if (earlier === undefined) this.#addDirectory();
    else {
      this.#freeInodes.push(...earlier.#freeInodes);
      this.#capacityPages = earlier.#capacityPages;
    }
  }

  get usedBytes(): number {
    return this.#usedPages * pageBytes;
  }

  setFreeBytes(freeBytes: number): void {
    this.#capacityPages = this.#usedPages + Math.floor(freeBytes / pageBytes);
  }

  /** How many of `length` bytes find room at `position`. */
  room(file: FileNode, position: number, length: number): number {
    const reachPages = Math.max(file.allocatedPages, file.allocatedPages + this.#capacityPages - this.#usedPages);
    return Math.max(0, Math.min(length, reachPages * pageBytes - position));
  }

  get pending(): readonly PendingOperation[] {
    return this.#log.pending;
  }

  /** The order of the latest operation: a sync issued now covers everything up to it. */
  get latestOrder(): number {
    return this.#log.latestOrder;
  }

  node(id: number): DiskNode {
    const node = this.nodes.get(id);
    assert(node !== undefined, `node ${id} is gone`);
    return node;
  }

  directory(id: number): DirectoryNode {
    const node = this.node(id);
    assert(node.kind === "directory", `node ${id} is no directory`);
    return node;
  }

  /** Takes over a node of an earlier state; its contents are shared from now on. */
  adopt(node: DiskNode): void {
    if (node.kind === "file") {
      node.cache.freeze();
      node.durable.freeze();
      this.#usedPages += node.allocatedPages;
    }
    this.nodes.set(node.id, node);
  }

  createFile(parent: DirectoryNode, name: string, call: number): FileNode {
    const empty = this.#cacheVolume.create().freeze();
    const file: FileNode = {
      kind: "file",
      ...this.#identity(),
      cache: empty,
      durable: empty,
      links: 1,
      handles: 0,
      allocatedPages: 0,
      lockedBy: undefined,
      sharedBy: new Set(),
    };
    this.nodes.set(file.id, file);
    this.#enter(this.#log.push<PendingLink>({ kind: "link", directory: parent.id, name, node: file.id }, call));
    return file;
  }

  createDirectory(parent: DirectoryNode, name: string, call: number): DirectoryNode {
    const directory = this.#addDirectory();
    this.#enter(this.#log.push<PendingLink>({ kind: "link", directory: parent.id, name, node: directory.id }, call));
    return directory;
  }

  /** One more name for a file. */
  link(file: FileNode, parent: DirectoryNode, name: string, call: number): void {
    file.links += 1;
    this.#enter(this.#log.push<PendingLink>({ kind: "link", directory: parent.id, name, node: file.id }, call));
  }

  unlink(parent: DirectoryNode, name: string, call: number): void {
    const id = parent.cache.get(name);
    assert(id !== undefined, `nothing by the name of ${name}`);
    this.#enter(this.#log.push<PendingUnlink>({ kind: "unlink", directory: parent.id, name }, call));
    this.#drop(id);
  }

  rename(from: DirectoryNode, fromName: string, to: DirectoryNode, toName: string, call: number): void {
    const id = from.cache.get(fromName);
    assert(id !== undefined, `nothing by the name of ${fromName}`);
    const replaced = to.cache.get(toName);
    if (from === to) {
      this.#enter(
        this.#log.push<PendingRename>(
          { kind: "rename", directory: from.id, from: fromName, to: toName, node: id },
          call,
        ),
      );
    } else {
      this.#enter(this.#log.push<PendingLink>({ kind: "link", directory: to.id, name: toName, node: id }, call));
      this.#enter(this.#log.push<PendingUnlink>({ kind: "unlink", directory: from.id, name: fromName }, call));
    }
    if (replaced !== undefined) this.#drop(replaced);
  }

  write(file: FileNode, bytes: Uint8Array, position: number, call: number): void {
    file.cache = this.#cacheVolume.writable(file.cache);
    file.cache.write(bytes, position);
    this.#allocate(file, Math.max(file.allocatedPages, pagesFor(position + bytes.byteLength)));
    const imageStart = position - (position % sectorBytes);
    const imageEnd = Math.ceil((position + bytes.byteLength) / sectorBytes) * sectorBytes;
    const image = file.cache.bytes(imageStart, imageEnd);
    this.#log.push<PendingWrite>(
      { kind: "write", file: file.id, position, length: bytes.byteLength, imageStart, image },
      call,
    );
  }

  truncate(file: FileNode, length: number, call: number): void {
    file.cache = this.#cacheVolume.writable(file.cache);
    file.cache.resize(length);
    this.#allocate(file, Math.min(file.allocatedPages, pagesFor(length)));
    this.#log.push<PendingTruncate>({ kind: "truncate", file: file.id, length }, call);
  }

  /** Makes the file's operations up to `order` durable. */
  sync(file: FileNode, order: number): void {
    for (const operation of this.#log.takeData(file.id, order)) this.applyData(file, operation);
  }

  /** A sync that failed and forgot about it: what it covered will never reach the device by itself. */
  failSync(file: FileNode, order: number, how: FailedSync): void {
    if (how === "dirty") return;
    this.#log.takeData(file.id, order);
    if (how === "A") return;
    const length = file.cache.size;
    file.cache = this.#cacheVolume.writable(file.durable.freeze());
    for (const operation of this.#log.dataOf(file.id)) {
      if (operation.kind === "truncate") file.cache.resize(operation.length);
      else applyWrite(file.cache, operation, wholly);
    }
    file.cache.resize(length);
  }

  syncDirectory(directory: DirectoryNode, order: number): void {
    for (const entry of this.#log.takeEntries(directory.id, order)) applyEntry(directory.durable, entry);
    if (this.#unlinked) this.prune();
  }

  /** A directory sync that failed and forgot about it. */
  failSyncDirectory(directory: DirectoryNode, order: number, how: FailedSync): void {
    if (how !== "dirty") this.#log.takeEntries(directory.id, order);
  }

  /** One data operation on the durable state, wholly. */
  applyData(file: FileNode, operation: PendingData): void {
    file.durable = this.#durableVolume.writable(file.durable);
    if (operation.kind === "truncate") file.durable.resize(operation.length);
    else applyWrite(file.durable, operation, wholly);
  }

  /** The durable content of a file, for changes that no process made (survivors of a crash, damage). */
  durableForChange(file: FileNode): FileNode["durable"] {
    file.durable = this.#durableVolume.writable(file.durable);
    return file.durable;
  }

  /** Forgets nodes that neither a process nor any crash can reach, with their operations. */
  prune(): void {
    this.#unlinked = false;
    const reached = new Set<number>();
    const open = [rootId];
    for (const operation of this.pending)
      if (operation.kind !== "unlink" && !isData(operation)) open.push(operation.node);
    for (const node of this.nodes.values()) if (node.kind === "file" && node.handles > 0) reached.add(node.id);
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      const node = this.nodes.get(id);
      if (node === undefined || reached.has(id)) continue;
      reached.add(id);
      if (node.kind === "directory") open.push(...node.cache.values(), ...node.durable.values());
    }
    for (const node of this.nodes.values()) if (!reached.has(node.id)) this.#forget(node);
    this.#log.keepOnly(reached);
  }

  /** Called when a file's last handle is closed. */
  released(file: FileNode): void {
    if (file.links > 0) return;
    this.#allocate(file, 0);
    this.#unlinked = true;
  }

  #forget(node: DiskNode): void {
    this.nodes.delete(node.id);
    this.#freeInodes.push(node.inode);
    if (node.kind === "directory") return;
    this.#allocate(node, 0);
    node.cache.release();
    node.durable.release();
  }

  #drop(id: number): void {
    this.#unlinked = true;
    const node = this.node(id);
    if (node.kind === "directory") return;
    node.links -= 1;
    if (node.handles === 0) this.released(node);
  }

  #allocate(file: FileNode, pages: number): void {
    this.#usedPages += pages - file.allocatedPages;
    file.allocatedPages = pages;
  }

  #addDirectory(): DirectoryNode {
    const directory: DirectoryNode = {
      kind: "directory",
      ...this.#identity(),
      cache: new Map(),
      durable: new Map(),
    };
    this.nodes.set(directory.id, directory);
    return directory;
  }

  #identity(): { id: number; inode: number; birthtimeNs: bigint } {
    const id = this.#nextId++;
    return { id, inode: this.#freeInodes.pop() ?? this.#nextInode++, birthtimeNs: firstBirthNs + BigInt(id) * 1000n };
  }

  #enter(entry: PendingEntry): void {
    applyEntry(this.directory(entry.directory).cache, entry);
  }
}
