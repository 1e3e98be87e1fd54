/**
 * A data directory at rest, as a value: names, bytes and identities. Opening one gives a file system that shares its
 * bytes until they are written to, so that a sweep can start an engine on each of a hundred thousand damaged copies
 * (spec 9.2). Files keep inode and birth time, whatever happens to their bytes: damage is no power loss.
 */
import type { Env, File, FileStat, Fs, OpenMode } from "../../src/env/env.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import type { SimulatedDisk } from "../../sim/disk/disk.ts";

interface ImageFile {
  readonly bytes: Uint8Array;
  readonly inode: bigint;
  readonly birthtimeNs: bigint;
}

export class Image {
  readonly directory: string;
  readonly #files: ReadonlyMap<string, ImageFile>;

  private constructor(directory: string, files: ReadonlyMap<string, ImageFile>) {
    this.directory = directory;
    this.#files = files;
  }

  /** What processes see of a directory of a simulated disk. */
  static async of(disk: SimulatedDisk, directory: string): Promise<Image> {
    const fs = disk.fs();
    const files = new Map<string, ImageFile>();
    for (const path of disk.files()) {
      const { inode, birthtimeNs } = (await fs.stat(path))!;
      files.set(path, { bytes: disk.contents(path), inode, birthtimeNs });
    }
    return new Image(directory, files);
  }

  get paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  bytes(path: string): Uint8Array {
    return this.#files.get(path)!.bytes;
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** The same directory but for one file's bytes; `undefined` removes it. */
  with(path: string, bytes: Uint8Array | undefined): Image {
    const files = new Map(this.#files);
    if (bytes === undefined) files.delete(path);
    else files.set(path, { ...files.get(path)!, bytes });
    return new Image(this.directory, files);
  }

  open(): ImageFs {
    return new ImageFs(this.directory, this.#files);
  }

  /** What `fs` holds by now. */
  static after(fs: ImageFs): Image {
    return new Image(fs.directory, fs.files());
  }
}

interface Node {
  bytes: Uint8Array;
  size: number;
  shared: boolean;
  readonly inode: bigint;
  readonly birthtimeNs: bigint;
}

/** A process's view of an image. Every sync works at once: what is judged here is damage, not the order of calls. */
export class ImageFs implements Fs {
  readonly directory: string;
  readonly #nodes = new Map<string, Node>();
  #nextInode = 1_000_000n;

  constructor(directory: string, files: ReadonlyMap<string, ImageFile>) {
    this.directory = directory;
    for (const [path, { bytes, inode, birthtimeNs }] of files)
      this.#nodes.set(path, { bytes, size: bytes.length, shared: true, inode, birthtimeNs });
  }

  files(): Map<string, ImageFile> {
    const files = new Map<string, ImageFile>();
    for (const [path, { bytes, size, inode, birthtimeNs }] of this.#nodes)
      files.set(path, { bytes: bytes.slice(0, size), inode, birthtimeNs });
    return files;
  }

  async open(path: string, mode: OpenMode): Promise<File> {
    let node = this.#nodes.get(path);
    if (node && mode === "create-new") throw errno("EEXIST");
    if (!node) {
      if (mode === "read" || mode === "write") throw errno("ENOENT");
      const inode = this.#nextInode++;
      node = { bytes: new Uint8Array(0), size: 0, shared: false, inode, birthtimeNs: inode };
      this.#nodes.set(path, node);
    }
    return new ImageFileHandle(node);
  }

  async readdir(path: string): Promise<string[]> {
    return [...this.#nodes.keys()].flatMap((file) =>
      file.startsWith(`${path}/`) ? [file.slice(path.length + 1)] : [],
    );
  }

  async mkdir(): Promise<void> {
    throw errno("EEXIST");
  }

  async rename(from: string, to: string): Promise<void> {
    this.#nodes.set(to, this.#nodes.get(from)!);
    this.#nodes.delete(from);
  }

  async link(from: string, to: string): Promise<void> {
    const node = this.#nodes.get(from);
    if (!node) throw errno("ENOENT");
    if (this.#nodes.has(to)) throw errno("EEXIST");
    this.#nodes.set(to, node);
  }

  async unlink(path: string): Promise<void> {
    if (!this.#nodes.delete(path)) throw errno("ENOENT");
  }

  async rmdir(): Promise<void> {
    throw errno("ENOTEMPTY");
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const isDirectory = path === this.directory || [...this.#nodes.keys()].some((file) => file.startsWith(`${path}/`));
    if (isDirectory) return { kind: "directory", size: 4096, inode: 1n, birthtimeNs: 1n };
    const node = this.#nodes.get(path);
    return node && statOf(node);
  }

  readSync(path: string, into: Uint8Array, position: number): number {
    const node = this.#nodes.get(path);
    if (!node) throw errno("ENOENT");
    return readNode(node, into, position);
  }

  async syncDir(): Promise<void> {
    return undefined;
  }

  async tryLock(): Promise<boolean> {
    return true;
  }
}

class ImageFileHandle implements File {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    return readNode(this.#node, into, position);
  }

  async write(parts: readonly Uint8Array[], position: number): Promise<number> {
    return this.writeSync(parts, position);
  }

  writeSync(parts: readonly Uint8Array[], position: number): number {
    let at = position;
    this.#reach(position + parts.reduce((sum, part) => sum + part.length, 0));
    for (const part of parts) {
      this.#node.bytes.set(part, at);
      at += part.length;
    }
    this.#node.size = Math.max(this.#node.size, at);
    return at - position;
  }

  async datasync(): Promise<void> {
    return undefined;
  }

  async truncate(length: number): Promise<void> {
    this.#reach(length);
    this.#node.bytes.fill(0, length);
    this.#node.size = length;
  }

  async stat(): Promise<FileStat> {
    return statOf(this.#node);
  }

  async close(): Promise<void> {
    return undefined;
  }

  /** Own bytes, as many as are needed. */
  #reach(length: number): void {
    const node = this.#node;
    if (!node.shared && node.bytes.length >= length) return;
    const own = new Uint8Array(Math.max(length, node.shared ? node.size : 2 * node.bytes.length));
    own.set(node.bytes.subarray(0, node.size));
    node.bytes = own;
    node.shared = false;
  }
}

/** A process on an image: time stands still and timers never fire, so nothing happens that was not asked for. */
export function frozenEnv(fs: Fs, bootId: string, wallMs: number): Env {
  const scheduler = new Scheduler({ seed: 0, wallMs });
  return {
    fs,
    clock: scheduler.clock,
    timers: scheduler.timers,
    random: { bytes: (count) => new Uint8Array(count).fill(7) },
    machine: { cpus: 2, pid: 1, bootId },
  };
}

function readNode({ bytes, size }: Node, into: Uint8Array, position: number): number {
  const end = Math.min(size, position + into.length);
  if (end <= position) return 0;
  into.set(bytes.subarray(position, end));
  return end - position;
}

function statOf({ size, inode, birthtimeNs }: Node): FileStat {
  return { kind: "file", size, inode, birthtimeNs };
}

function errno(code: string): Error {
  return Object.assign(new Error(code), { code });
}
