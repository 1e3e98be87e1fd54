/**
 * Memory for record bytes: blocks of doubling sizes, 1 KiB … 8 MiB, so that 100 000 small topics fit in memory and a large
 * one has few blocks. A block goes back to the pool only when its owner and every read have let go of it: bytes that a
 * socket still holds are never written again (design: "A slice that a socket still holds pins its block").
 */
import { assert } from "../base/assert.ts";

export const smallestBlockBytes = 1 << 10;
export const largestBlockBytes = 1 << 23;
const classes = 14;
const slabBytes = 1 << 20;
/** Blocks up to this size are cut from slabs: a buffer of its own costs more than it holds. */
const largestInSlab = 1 << 16;
const defaultSpareBytes = 1 << 26;

assert(smallestBlockBytes << (classes - 1) === largestBlockBytes, "the classes end at the largest block");

export class Block {
  readonly bytes: Buffer;
  readonly #pool: BlockPool;
  #pins = 0;

  constructor(bytes: Buffer, pool: BlockPool) {
    this.bytes = bytes;
    this.#pool = pool;
  }

  pin(): void {
    this.#pins++;
  }

  unpin(): void {
    assert(this.#pins > 0, "a block is let go once per pin");
    if (--this.#pins === 0) this.#pool.takeBack(this);
  }
}

export class BlockPool {
  readonly #spare: Block[][] = Array.from({ length: classes }, () => []);
  readonly #maxSpareBytes: number;
  #spareBytes = 0;
  #slab: Buffer | undefined;
  #slabUsed = 0;

  constructor(maxSpareBytes: number = defaultSpareBytes) {
    this.#maxSpareBytes = maxSpareBytes;
  }

  /** What lies ready for reuse. */
  get spareBytes(): number {
    return this.#spareBytes;
  }

  /** A block of at least `bytes`, pinned once, for its owner. Larger ones than the largest class are made to measure. */
  take(bytes: number): Block {
    const block = this.#ready(bytes);
    block.pin();
    return block;
  }

  takeBack(block: Block): void {
    const bytes = block.bytes.length;
    if (bytes > largestBlockBytes || this.#spareBytes + bytes > this.#maxSpareBytes) return;
    this.#spareBytes += bytes;
    this.#spare[classOf(bytes)].push(block);
  }

  #ready(bytes: number): Block {
    if (bytes > largestBlockBytes) return new Block(Buffer.allocUnsafeSlow(bytes), this);
    const index = classOf(bytes);
    const spare = this.#spare[index].pop();
    if (spare === undefined) return new Block(this.#fresh(smallestBlockBytes << index), this);
    this.#spareBytes -= spare.bytes.length;
    return spare;
  }

  #fresh(bytes: number): Buffer {
    if (bytes > largestInSlab) return Buffer.allocUnsafeSlow(bytes);
    if (this.#slab === undefined || this.#slabUsed + bytes > slabBytes) {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
      this.#slabUsed = 0;
    }
    this.#slabUsed += bytes;
    return this.#slab.subarray(this.#slabUsed - bytes, this.#slabUsed);
  }
}

/** The smallest class that holds `bytes`. */
function classOf(bytes: number): number {
  return bytes <= smallestBlockBytes ? 0 : 32 - Math.clz32((bytes - 1) >>> 10);
}
