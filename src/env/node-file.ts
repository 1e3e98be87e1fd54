/** `File` of env.ts on a raw descriptor. The descriptor is not given back while any call on it is in flight. */
import * as fs from "node:fs";
import { assert } from "../base/assert.ts";
import type { File, FileStat } from "./env.ts";
import type { LaneSeat } from "./node-lanes.ts";

export class NodeFile implements File {
  readonly #fd: number;
  readonly #path: string;
  readonly #seat: LaneSeat | undefined;
  #inFlight = 0;
  #syncing = false;
  #closing = false;
  #drained: (() => void) | undefined;

  constructor(fd: number, path: string, seat: LaneSeat | undefined) {
    this.#fd = fd;
    this.#path = path;
    this.#seat = seat;
  }

  /** For calls outside this class that need the descriptor (the lock). */
  get descriptor(): number {
    assert(!this.#closing, "a closed file was used");
    return this.#fd;
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      checkPosition(position);
      this.#begin();
      fs.read(this.#fd, into, 0, into.byteLength, position, (error, count) => {
        this.#end();
        if (error === null) resolve(count);
        else reject(this.#named(error));
      });
    });
  }

  write(parts: readonly Uint8Array[], position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      checkPosition(position);
      this.#begin();
      const done = (error: Error | null, count: number): void => {
        this.#end();
        if (error === null) resolve(count);
        else reject(this.#named(error));
      };
      const only = parts[0];
      if (only === undefined) done(null, 0);
      else if (parts.length === 1) fs.write(this.#fd, only, 0, only.byteLength, position, done);
      else fs.writev(this.#fd, parts, position, done);
    });
  }

  writeSync(parts: readonly Uint8Array[], position: number): number {
    assert(!this.#closing, "a closed file was used");
    checkPosition(position);
    const only = parts[0];
    if (only === undefined) return 0;
    if (parts.length === 1) return fs.writeSync(this.#fd, only, 0, only.byteLength, position);
    return fs.writevSync(this.#fd, parts, position);
  }

  async datasync(): Promise<void> {
    assert(!this.#syncing, "two syncs of one file at a time");
    this.#begin();
    this.#syncing = true;
    try {
      await (this.#seat === undefined ? poolDatasync(this.#fd) : this.#seat.datasync(this.#fd));
    } catch (error) {
      throw this.#named(error as Error);
    } finally {
      this.#syncing = false;
      this.#end();
    }
  }

  truncate(length: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#begin();
      fs.ftruncate(this.#fd, length, (error) => {
        this.#end();
        if (error === null) resolve();
        else reject(this.#named(error));
      });
    });
  }

  stat(): Promise<FileStat> {
    return new Promise((resolve, reject) => {
      this.#begin();
      fs.fstat(this.#fd, { bigint: true }, (error, stats) => {
        this.#end();
        if (error === null) resolve(fileStat(stats));
        else reject(error);
      });
    });
  }

  async close(): Promise<void> {
    assert(!this.#closing, "a file was closed twice");
    this.#closing = true;
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    this.#seat?.leave();
    await new Promise<void>((resolve, reject) => {
      fs.close(this.#fd, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
    });
  }

  /** The system names no path in errors of calls on a descriptor. */
  #named(error: Error): Error {
    return Object.assign(error, { path: this.#path });
  }

  #begin(): void {
    assert(!this.#closing, "a closed file was used");
    this.#inFlight += 1;
  }

  #end(): void {
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#drained?.();
  }
}

export function fileStat(stats: fs.BigIntStats): FileStat {
  return {
    kind: stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other",
    size: Number(stats.size),
    inode: stats.ino,
    birthtimeNs: stats.birthtimeNs,
  };
}

/** Node takes anything else for "wherever the last call ended". */
export function checkPosition(position: number): void {
  assert(Number.isSafeInteger(position) && position >= 0, "a position in a file is a whole number from 0");
}

function poolDatasync(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fdatasync(fd, (error) => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}
