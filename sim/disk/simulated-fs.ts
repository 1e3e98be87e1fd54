/** `Fs` of env.ts on a simulated disk (spec 8.1), for one process: when that dies, nothing it has asked for completes. */
import { assert } from "../../src/base/assert.ts";
import type { File, FileStat, Fs, OpenMode } from "../../src/env/env.ts";
import type { Prng } from "../prng.ts";
import type { Call } from "./call.ts";
import { errnoError } from "./errno.ts";
import type { FaultEffect } from "./fault.ts";
import { failIfTold, misread } from "./faulty.ts";
import type { DiskNode } from "./node.ts";
import { findDirectory, findPlace, quietlyFind } from "./place.ts";
import type { Place } from "./place.ts";
import type { Kernel } from "./simulated-file.ts";
import { SimulatedFile, checkPosition, readNode, statOf } from "./simulated-file.ts";

export class SimulatedFs implements Fs {
  readonly #kernel: Kernel;
  /** Draws the order of names in a directory: code must not rely on any. */
  readonly #prng: Prng;

  constructor(kernel: Kernel, prng: Prng) {
    this.#kernel = kernel;
    this.#prng = prng;
  }

  open(path: string, mode: OpenMode): Promise<File> {
    const call: Call = { name: "open", path };
    return this.#issue(call, (fault) => {
      const place = findPlace(this.#kernel.state, path, "open");
      const creates = place.node === undefined && (mode === "create" || mode === "create-new");
      const number = creates ? this.#kernel.gate.mutate(call) : 0;
      failIfTold(call, fault);
      const node = creates ? this.#kernel.state.createFile(place.parent, place.name, number) : place.node;
      if (node === undefined) throw errnoError("ENOENT", "open", path);
      if (!creates && mode === "create-new") throw errnoError("EEXIST", "open", path);
      if (node.kind === "directory" && mode !== "read") throw errnoError("EISDIR", "open", path);
      return new SimulatedFile(this.#kernel, node, path, mode);
    });
  }

  readdir(path: string): Promise<string[]> {
    const call: Call = { name: "readdir", path };
    return this.#issue(call, (fault) => {
      failIfTold(call, fault);
      const names = [...findDirectory(this.#kernel.state, path, "scandir").cache.keys()];
      return this.#prng.shuffle(misread(names, fault));
    });
  }

  mkdir(path: string): Promise<void> {
    const call: Call = { name: "mkdir", path };
    return this.#issue(call, (fault) => {
      const number = this.#kernel.gate.mutate(call);
      failIfTold(call, fault);
      const { parent, name, node } = findPlace(this.#kernel.state, path, "mkdir");
      if (node !== undefined) throw errnoError("EEXIST", "mkdir", path);
      this.#kernel.state.createDirectory(parent, name, number);
    });
  }

  rename(from: string, to: string): Promise<void> {
    const node = quietlyFind(this.#kernel.state, from);
    const call: Call = { name: "rename", path: from, to, ...(node === undefined ? {} : { node }) };
    return this.#issue(call, (fault) => {
      const { state, gate } = this.#kernel;
      const number = gate.mutate(call);
      failIfTold(call, fault);
      const source = findPlace(state, from, "rename");
      const target = findPlace(state, to, "rename");
      if (checkRename(source, target, from)) {
        state.rename(source.parent, source.name, target.parent, target.name, number);
      }
    });
  }

  link(from: string, to: string): Promise<void> {
    const node = quietlyFind(this.#kernel.state, from);
    const call: Call = { name: "link", path: from, to, ...(node === undefined ? {} : { node }) };
    return this.#issue(call, (fault) => {
      const { state, gate } = this.#kernel;
      const number = gate.mutate(call);
      failIfTold(call, fault);
      const source = findPlace(state, from, "link");
      if (source.node === undefined) throw errnoError("ENOENT", "link", from);
      const target = findPlace(state, to, "link");
      if (target.node !== undefined) throw errnoError("EEXIST", "link", from);
      if (source.node.kind === "directory") throw errnoError("EPERM", "link", from);
      state.link(source.node, target.parent, target.name, number);
    });
  }

  unlink(path: string): Promise<void> {
    const node = quietlyFind(this.#kernel.state, path);
    const call: Call = { name: "unlink", path, ...(node === undefined ? {} : { node }) };
    return this.#issue(call, (fault) => {
      const { state, gate } = this.#kernel;
      const number = gate.mutate(call);
      failIfTold(call, fault);
      const { parent, name, node } = findPlace(state, path, "unlink");
      if (node === undefined) throw errnoError("ENOENT", "unlink", path);
      if (node.kind === "directory") throw errnoError("EISDIR", "unlink", path);
      state.unlink(parent, name, number);
    });
  }

  rmdir(path: string): Promise<void> {
    const call: Call = { name: "rmdir", path };
    return this.#issue(call, (fault) => {
      const { state, gate } = this.#kernel;
      const number = gate.mutate(call);
      failIfTold(call, fault);
      const { parent, name, node } = findPlace(state, path, "rmdir");
      if (node === undefined) throw errnoError("ENOENT", "rmdir", path);
      if (node.kind !== "directory") throw errnoError("ENOTDIR", "rmdir", path);
      if (node.cache.size > 0) throw errnoError("ENOTEMPTY", "rmdir", path);
      state.unlink(parent, name, number);
    });
  }

  stat(path: string): Promise<FileStat | undefined> {
    const call: Call = { name: "stat", path };
    return this.#issue(call, (fault) => {
      failIfTold(call, fault);
      const node = this.#find(path);
      return node === undefined ? undefined : statOf(node);
    });
  }

  /** Two calls, as on a real disk: faults of `open` and of `read` strike it. */
  readSync(path: string, into: Uint8Array, position: number): number {
    checkPosition(position);
    const { state, gate, process } = this.#kernel;
    const opening: Call = { name: "open", path };
    const node = gate.issueSync(process, opening, (fault) => {
      failIfTold(opening, fault);
      const found = findPlace(state, path, "open").node;
      if (found === undefined) throw errnoError("ENOENT", "open", path);
      return found;
    });
    const call: Call = { name: "read", path, node: node.id, position, length: into.byteLength };
    return gate.issueSync(process, call, (fault) => readNode(node, call, into, fault));
  }

  syncDir(path: string): Promise<void> {
    const call: Call = { name: "syncDir", path };
    const order = this.#kernel.state.latestOrder;
    return this.#issue(call, (fault) => {
      const { state, gate } = this.#kernel;
      gate.mutate(call);
      const directory = findDirectory(state, path, "open");
      if (fault?.kind === "error") state.failSyncDirectory(directory, order, fault.variant ?? "dirty");
      failIfTold(call, fault);
      if (fault?.kind !== "lie") state.syncDirectory(directory, order);
    });
  }

  tryLock(file: File, shared = false): Promise<boolean> {
    assert(file instanceof SimulatedFile, "a lock is taken on a file of this disk");
    return file.tryLock(shared);
  }

  /** `stat` answers `undefined` for a missing directory on the way, too. */
  #find(path: string): DiskNode | undefined {
    try {
      return findPlace(this.#kernel.state, path, "stat").node;
    } catch (error) {
      if ((error as { code?: unknown }).code === "ENOENT") return undefined;
      throw error;
    }
  }

  #issue<T>(call: Call, perform: (fault: FaultEffect | undefined) => T): Promise<T> {
    return this.#kernel.gate.issue(this.#kernel.process, call, perform);
  }
}

/** False when there is nothing to do: both names lead to the same file. */
function checkRename(source: Place, target: Place, path: string): boolean {
  const fail = (code: string): Error => errnoError(code, "rename", path);
  if (source.node === undefined) throw fail("ENOENT");
  if (source.node.kind === "directory" && target.way.includes(source.node)) throw fail("EINVAL");
  if (target.node?.kind === "directory" && source.way.includes(target.node)) throw fail("ENOTEMPTY");
  if (target.node === undefined) return true;
  if (source.node === target.node) return false;
  if (source.node.kind === "directory" && target.node.kind !== "directory") throw fail("ENOTDIR");
  if (source.node.kind !== "directory" && target.node.kind === "directory") throw fail("EISDIR");
  if (target.node.kind === "directory" && target.node.cache.size > 0) throw fail("ENOTEMPTY");
  return true;
}
