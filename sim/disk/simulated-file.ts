/** `File` of env.ts on a simulated disk (spec 8.1). */
import { assert } from "../../src/base/assert.ts";
import type { File, FileStat, OpenMode } from "../../src/env/env.ts";
import type { Call, CallName } from "./call.ts";
import type { CallGate, SimulatedProcess } from "./call-gate.ts";
import type { DiskState } from "./disk-state.ts";
import { errnoError } from "./errno.ts";
import type { FaultEffect } from "./fault.ts";
import { failIfTold, flipped, shortened } from "./faulty.ts";
import type { DiskNode, FileNode } from "./node.ts";

/** What a process's files and file system work on. */
export interface Kernel {
  readonly state: DiskState;
  readonly gate: CallGate;
  readonly process: SimulatedProcess;
}

export class SimulatedFile implements File {
  readonly #kernel: Kernel;
  readonly #node: DiskNode;
  readonly #path: string;
  readonly #writable: boolean;
  #inFlight = 0;
  #closing = false;
  #drained: (() => void) | undefined;

  constructor(kernel: Kernel, node: DiskNode, path: string, mode: OpenMode) {
    this.#kernel = kernel;
    this.#node = node;
    this.#path = path;
    this.#writable = mode !== "read";
    if (node.kind === "file") node.handles += 1;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    checkPosition(position);
    const call = this.#call("read", { position, length: into.byteLength });
    return this.#issue(call, (fault) => readNode(this.#node, call, into, fault));
  }

  async write(parts: readonly Uint8Array[], position: number): Promise<number> {
    const call = this.#writeCall(parts, position);
    return this.#issue(call, (fault) => this.#write(call, parts, fault));
  }

  writeSync(parts: readonly Uint8Array[], position: number): number {
    assert(!this.#closing, "a closed file was used");
    const call = this.#writeCall(parts, position);
    const { gate, process } = this.#kernel;
    return gate.issueSync(process, call, (fault) => this.#write(call, parts, fault));
  }

  datasync(): Promise<void> {
    const call = this.#call("datasync");
    // Only what was written before the sync was issued is covered by it.
    const order = this.#kernel.state.latestOrder;
    return this.#issue(call, (fault) => {
      const { state, gate } = this.#kernel;
      gate.mutate(call);
      const file = this.#file("fdatasync");
      if (fault?.kind === "error") state.failSync(file, order, fault.variant ?? "dirty");
      failIfTold(call, fault);
      if (fault?.kind !== "lie") state.sync(file, order);
    });
  }

  truncate(length: number): Promise<void> {
    const call = this.#call("truncate", { length });
    return this.#issue(call, (fault) => {
      const { state, gate } = this.#kernel;
      const number = gate.mutate(call);
      failIfTold(call, fault);
      if (!this.#writable || length < 0) throw errnoError("EINVAL", "ftruncate", this.#path);
      const file = this.#file("ftruncate");
      if (fault?.kind !== "lie" && length !== file.cache.size) state.truncate(file, length, number);
    });
  }

  stat(): Promise<FileStat> {
    const call = this.#call("stat");
    return this.#issue(call, (fault) => {
      failIfTold(call, fault);
      return statOf(this.#node);
    });
  }

  async close(): Promise<void> {
    assert(!this.#closing, "a file was closed twice");
    this.#closing = true;
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    const call = this.#call("close");
    const { state, gate, process } = this.#kernel;
    await gate.issue(process, call, (fault) => {
      // A failed close has closed the file all the same.
      if (this.#node.kind === "file") {
        this.#node.handles -= 1;
        if (this.#node.lockedBy === this) this.#node.lockedBy = undefined;
        this.#node.sharedBy.delete(this);
        if (this.#node.handles === 0) state.released(this.#node);
      }
      failIfTold(call, fault);
    });
  }

  tryLock(shared: boolean): Promise<boolean> {
    const call = this.#call("tryLock");
    return this.#issue(call, (fault) => {
      failIfTold(call, fault);
      if (!this.#writable && !shared) throw errnoError("EBADF", "lock", this.#path);
      const file = this.#file("lock");
      if (fault?.kind === "held" || (file.lockedBy !== undefined && file.lockedBy !== this)) return false;
      const others = file.sharedBy.size - (file.sharedBy.has(this) ? 1 : 0);
      if (!shared && others > 0) return false;
      // A lock is changed into the other kind, not held twice.
      file.sharedBy.delete(this);
      if (shared) file.sharedBy.add(this);
      file.lockedBy = shared ? undefined : this;
      return true;
    });
  }

  #write(call: Call, parts: readonly Uint8Array[], fault: FaultEffect | undefined): number {
    const { state, gate } = this.#kernel;
    if (parts.length === 0) return 0;
    const number = gate.mutate(call);
    const asked = call.length ?? 0;
    const position = (call.position ?? 0) + (fault?.kind === "offset" ? fault.by : 0);
    if (!this.#writable) throw errnoError("EBADF", "write", this.#path);
    const file = this.#file("write");
    const fits = state.room(file, position, shortened(asked, fault));
    if (fault?.kind !== "lie" && fits > 0) state.write(file, gathered(parts, fits), position, number);
    failIfTold(call, fault);
    if (fits === 0 && asked > 0 && fault?.kind !== "short") throw errnoError("ENOSPC", "write", this.#path);
    return fits;
  }

  #writeCall(parts: readonly Uint8Array[], position: number): Call {
    checkPosition(position);
    let length = 0;
    for (const part of parts) length += part.byteLength;
    return this.#call("write", { position, length });
  }

  #call(name: CallName, place: { position?: number; length?: number } = {}): Call {
    return { name, path: this.#path, node: this.#node.id, ...place };
  }

  async #issue<T>(call: Call, perform: (fault: FaultEffect | undefined) => T): Promise<T> {
    assert(!this.#closing, "a closed file was used");
    this.#inFlight += 1;
    try {
      return await this.#kernel.gate.issue(this.#kernel.process, call, perform);
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#drained?.();
    }
  }

  #file(syscall: string): FileNode {
    if (this.#node.kind !== "file") throw errnoError("EISDIR", syscall, this.#path);
    return this.#node;
  }
}

/** A read, with what a fault makes of it. */
export function readNode(node: DiskNode, call: Call, into: Uint8Array, fault: FaultEffect | undefined): number {
  failIfTold(call, fault);
  if (node.kind !== "file") throw errnoError("EISDIR", "read", call.path);
  const part = into.subarray(0, shortened(into.byteLength, fault));
  const count = node.cache.read(part, call.position ?? 0);
  flipped(part.subarray(0, count), fault);
  return count;
}

export function statOf(node: DiskNode): FileStat {
  return {
    kind: node.kind,
    size: node.kind === "file" ? node.cache.size : 4096,
    inode: BigInt(node.inode),
    birthtimeNs: node.birthtimeNs,
  };
}

export function checkPosition(position: number): void {
  assert(Number.isSafeInteger(position) && position >= 0, `not a position in a file: ${position}`);
}

function gathered(parts: readonly Uint8Array[], length: number): Uint8Array {
  const only = parts[0];
  if (parts.length === 1 && only !== undefined) return only.subarray(0, length);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    const taken = part.subarray(0, length - at);
    bytes.set(taken, at);
    at += taken.byteLength;
  }
  return bytes;
}
