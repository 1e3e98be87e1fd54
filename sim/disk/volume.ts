/**
 * The bytes of files, on memfs: a volume is a flat store of contents without names (names, inodes and what is durable are
 * the business of disk-state.ts). Contents are copied only when written to: a frozen one may be shared by any number of
 * disks, so that a crash image costs no more than the files it changes. Zeros at the end of a content are known, not stored:
 * most of a log is prepared space.
 */
import { Volume as Store } from "memfs";
import { assert } from "../../src/base/assert.ts";
import { hash64 } from "../../src/base/hash.ts";

/** A store has room for so many open files, and frozen contents are never closed. */
const contentsPerStore = 1000;

export class Volume {
  #store = new Store();
  #made = 0;

  create(): Content {
    if (++this.#made % contentsPerStore === 0) this.#store = new Store();
    return new Content(this.#store, `/${this.#made}`);
  }

  /** `content` itself, or a copy in this volume when it is shared. */
  writable(content: Content): Content {
    if (!content.frozen) return content;
    const copy = this.create();
    if (content.storedBytes > 0) copy.write(content.bytes(0, content.storedBytes), 0);
    copy.resize(content.size);
    return copy;
  }
}

export class Content {
  readonly #store: Store;
  readonly #name: string;
  /** Made with the first byte that is stored. */
  #fd: number | undefined;
  #size = 0;
  /** What lies behind it is zeros. */
  #storedBytes = 0;
  #frozen = false;
  #digest: string | undefined;

  constructor(store: Store, name: string) {
    this.#store = store;
    this.#name = name;
  }

  get size(): number {
    return this.#size;
  }

  /** Behind it there are zeros alone. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** No further change: from now on it may be shared. */
  freeze(): this {
    this.#frozen = true;
    return this;
  }

  read(into: Uint8Array, position: number): number {
    const count = Math.min(into.byteLength, this.#size - position);
    if (count <= 0) return 0;
    const stored = Math.max(0, Math.min(count, this.#storedBytes - position));
    if (stored > 0) {
      assert(this.#fd !== undefined, "stored bytes have a file");
      this.#store.readSync(this.#fd, asBuffer(into), 0, stored, position);
    }
    into.fill(0, stored, count);
    return count;
  }

  /** The bytes from `start` to `end`, as far as there are any: the caller's own. */
  bytes(start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(end, this.#size) - start));
    this.read(bytes, start);
    return bytes;
  }

  /** Equal for equal bytes; asked for again and again of contents that many disks share. */
  digest(): string {
    if (this.#digest !== undefined) return this.#digest;
    const bytes = this.bytes(0, this.#storedBytes);
    const digest = `${hash64(bytes.subarray(0, endOfData(bytes))).toString(16)}/${this.#size}`;
    if (this.#frozen) this.#digest = digest;
    return digest;
  }

  /** Zeros fill a gap between the end and `position`. */
  write(bytes: Uint8Array, position: number): void {
    assert(!this.#frozen, "a shared content was written to");
    if (bytes.byteLength === 0) return;
    const end = position + bytes.byteLength;
    if (position < this.#storedBytes || !isZero(bytes)) {
      const written = this.#store.writeSync(this.#open(), asBuffer(bytes), 0, bytes.byteLength, position);
      assert(written === bytes.byteLength, "memfs wrote short");
      this.#storedBytes = Math.max(this.#storedBytes, end);
    }
    this.#size = Math.max(this.#size, end);
  }

  resize(length: number): void {
    assert(!this.#frozen, "a shared content was resized");
    if (length < this.#storedBytes) {
      this.#store.ftruncateSync(this.#open(), length);
      this.#storedBytes = length;
    }
    this.#size = length;
  }

  /** Gives the memory back, unless somebody else may hold it. */
  release(): void {
    if (this.#frozen || this.#fd === undefined) return;
    this.#store.closeSync(this.#fd);
    this.#store.unlinkSync(this.#name);
    this.#fd = undefined;
    this.#size = this.#storedBytes = 0;
  }

  #open(): number {
    this.#fd ??= this.#store.openSync(this.#name, "w+");
    return this.#fd;
  }
}

const zeros = Buffer.alloc(256 << 10);

function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.byteLength; at += zeros.length) {
    const end = Math.min(bytes.byteLength, at + zeros.length);
    if (zeros.compare(bytes, at, end, 0, end - at) !== 0) return false;
  }
  return true;
}

/** Behind the last byte that is not zero. */
function endOfData(bytes: Uint8Array): number {
  let end = bytes.byteLength;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
