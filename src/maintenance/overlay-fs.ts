/**
 * A file system over another one that is only read: whatever is written stays in memory and is forgotten. A start can be
 * tried on it, with all that it would write, and leaves no trace (spec 6.6: `topics verify` never writes).
 *
 * Files keep the identity that they have below, so that a start judges them as it would there. It knows the directories
 * that there are and makes none; there is one process, whose locks nobody contests.
 */
import type { File, FileStat, Fs, OpenMode } from "../env/env.ts";
import { type Identity, OverlayNode } from "./overlay-node.ts";

/** Far from every inode that a disk gives out. */
const firstInode = 1n << 62n;

export class OverlayFs implements Fs {
  readonly #below: Fs;
  readonly #maxBytes: number;
  /** `undefined`: there is nothing by that name any more. */
  readonly #names = new Map<string, OverlayNode | undefined>();
  #takenBytes = 0;
  #nextInode = firstInode;

  /** `maxBytes` of memory; what needs more finds no space. */
  constructor(below: Fs, maxBytes: number) {
    this.#below = below;
    this.#maxBytes = maxBytes;
  }

  async open(path: string, mode: OpenMode): Promise<File> {
    const known = await this.#find(path);
    if (known !== undefined && mode === "create-new") throw errno("EEXIST", path);
    if (known !== undefined) return new OverlayFile(known);
    if (mode === "read" || mode === "write") throw errno("ENOENT", path);
    const inode = this.#nextInode++;
    const made = new OverlayNode(undefined, { inode, birthtimeNs: inode }, this.#take);
    this.#names.set(path, made);
    return new OverlayFile(made);
  }

  async readdir(path: string): Promise<string[]> {
    const names = new Set(await this.#below.readdir(path));
    const prefix = path.endsWith("/") ? path : `${path}/`;
    for (const [full, node] of this.#names) {
      const name = full.slice(prefix.length);
      if (!full.startsWith(prefix) || name.includes("/")) continue;
      if (node === undefined) names.delete(name);
      else names.add(name);
    }
    return [...names];
  }

  async mkdir(path: string): Promise<void> {
    throw errno("EROFS", path);
  }

  async rmdir(path: string): Promise<void> {
    throw errno("EROFS", path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#names.set(to, await this.#present(from));
    this.#names.set(from, undefined);
  }

  async link(from: string, to: string): Promise<void> {
    const node = await this.#present(from);
    if ((await this.#find(to)) !== undefined) throw errno("EEXIST", to);
    this.#names.set(to, node);
  }

  async unlink(path: string): Promise<void> {
    await this.#present(path);
    this.#names.set(path, undefined);
  }

  async stat(path: string): Promise<FileStat | undefined> {
    if (!this.#names.has(path)) return this.#below.stat(path);
    const node = this.#names.get(path);
    return node && { kind: "file", size: node.size, ...node.identity };
  }

  readSync(path: string, into: Uint8Array, position: number): number {
    if (!this.#names.has(path)) return this.#below.readSync(path, into, position);
    const node = this.#names.get(path);
    if (node === undefined) throw errno("ENOENT", path);
    return node.read(into, position);
  }

  async syncDir(): Promise<void> {
    return undefined;
  }

  async tryLock(): Promise<boolean> {
    return true;
  }

  async #present(path: string): Promise<OverlayNode> {
    const node = await this.#find(path);
    if (node === undefined) throw errno("ENOENT", path);
    return node;
  }

  async #find(path: string): Promise<OverlayNode | undefined> {
    if (this.#names.has(path)) return this.#names.get(path);
    const stat = await this.#below.stat(path);
    if (stat === undefined) return undefined;
    if (stat.kind !== "file") throw errno("EISDIR", path);
    const identity: Identity = { inode: stat.inode, birthtimeNs: stat.birthtimeNs };
    const read = (into: Uint8Array, position: number): number => this.#below.readSync(path, into, position);
    const node = new OverlayNode({ bytes: stat.size, read }, identity, this.#take);
    // Somebody may have asked for it meanwhile.
    if (!this.#names.has(path)) this.#names.set(path, node);
    return this.#names.get(path);
  }

  readonly #take = (bytes: number): void => {
    if (this.#takenBytes + bytes > this.#maxBytes) throw errno("ENOSPC", "memory");
    this.#takenBytes += bytes;
  };
}

/** Files live as long as somebody has them open, whatever becomes of their names. */
class OverlayFile implements File {
  readonly #node: OverlayNode;

  constructor(node: OverlayNode) {
    this.#node = node;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    return this.#node.read(into, position);
  }

  async write(parts: readonly Uint8Array[], position: number): Promise<number> {
    return this.writeSync(parts, position);
  }

  writeSync(parts: readonly Uint8Array[], position: number): number {
    let at = position;
    for (const part of parts) {
      this.#node.write(part, at);
      at += part.length;
    }
    return at - position;
  }

  async datasync(): Promise<void> {
    return undefined;
  }

  async truncate(length: number): Promise<void> {
    this.#node.truncate(length);
  }

  async stat(): Promise<FileStat> {
    return { kind: "file", size: this.#node.size, ...this.#node.identity };
  }

  async close(): Promise<void> {
    return undefined;
  }
}

function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: '${path}'`), { code, path });
}
