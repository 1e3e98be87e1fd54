/**
 * One file of an overlay (overlay-fs.ts): what lies below, if anything, and in front of it the pages that were written.
 * Zeros behind the end of what lies below take no room.
 */
import { assert } from "../base/assert.ts";
import { isZero } from "../wal/frame.ts";

const pageBytes = 1 << 16;

export interface Below {
  readonly bytes: number;
  read(into: Uint8Array, position: number): number;
}

export interface Identity {
  readonly inode: bigint;
  readonly birthtimeNs: bigint;
}

export class OverlayNode {
  readonly identity: Identity;
  readonly #below: Below | undefined;
  /** Called for every page that is taken; may throw. */
  readonly #take: (bytes: number) => void;
  readonly #pages = new Map<number, Uint8Array>();
  /** How far what lies below still shows. */
  #shown: number;
  #size: number;

  constructor(below: Below | undefined, identity: Identity, take: (bytes: number) => void) {
    this.identity = identity;
    this.#below = below;
    this.#take = take;
    this.#shown = this.#size = below?.bytes ?? 0;
  }

  get size(): number {
    return this.#size;
  }

  /** Perhaps fewer bytes than there are. */
  read(into: Uint8Array, position: number): number {
    const wanted = Math.min(into.length, this.#size - position);
    if (wanted <= 0) return 0;
    const first = Math.floor(position / pageBytes);
    const page = this.#pages.get(first);
    if (page === undefined && position < this.#shown) return this.#readBelow(into.subarray(0, wanted), position, first);
    const within = position % pageBytes;
    const bytes = Math.min(wanted, pageBytes - within);
    if (page === undefined) into.fill(0, 0, bytes);
    else into.set(page.subarray(within, within + bytes));
    return bytes;
  }

  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length;) {
      const at = position + done;
      const within = at % pageBytes;
      const part = bytes.subarray(done, done + pageBytes - within);
      const number = (at - within) / pageBytes;
      const blank = !this.#pages.has(number) && at - within >= this.#shown && isZero(part);
      if (!blank) this.#page(number).set(part, within);
      done += part.length;
    }
    this.#size = Math.max(this.#size, position + bytes.length);
  }

  truncate(length: number): void {
    this.#shown = Math.min(this.#shown, length);
    for (const [number, page] of this.#pages) {
      if (number * pageBytes >= length) this.#pages.delete(number);
      else page.fill(0, Math.min(pageBytes, length - number * pageBytes));
    }
    this.#size = length;
  }

  /** As far as no written page is in front of it. */
  #readBelow(into: Uint8Array, position: number, first: number): number {
    let end = first + 1;
    while (end * pageBytes < position + into.length && !this.#pages.has(end)) end++;
    const bytes = Math.min(into.length, end * pageBytes - position, this.#shown - position);
    return this.#below!.read(into.subarray(0, bytes), position);
  }

  #page(number: number): Uint8Array {
    const known = this.#pages.get(number);
    if (known !== undefined) return known;
    this.#take(pageBytes);
    const page = new Uint8Array(pageBytes);
    const at = number * pageBytes;
    for (let filled = 0, wanted = Math.min(pageBytes, this.#shown - at); filled < wanted;) {
      const count = this.#below!.read(page.subarray(filled, wanted), at + filled);
      assert(count > 0, "a file below does not become shorter");
      filled += count;
    }
    this.#pages.set(number, page);
    return page;
  }
}
