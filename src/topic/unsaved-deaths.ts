/**
 * Slots of one part that were deleted and of which no `.del` file tells yet (spec 6.3). A delete by tag may leave a million
 * of them, none beside another, so they are kept as columns of numbers, and neighbours as one range.
 */
import type { DeletedRange } from "../segment/delete-file.ts";

const firstRoom = 16;

export class UnsavedDeaths {
  #count = 0;
  #inOrder = true;
  #blocks = new Uint32Array(firstRoom);
  #firsts = new Uint32Array(firstRoom);
  #lasts = new Uint32Array(firstRoom);
  #bytes = new Float64Array(firstRoom);

  /** Each slot once. */
  add(block: number, slot: number, bytes: number): void {
    const last = this.#count - 1;
    if (last >= 0 && this.#blocks[last] === block && this.#lasts[last] + 1 === slot) {
      this.#lasts[last] = slot;
      this.#bytes[last] += bytes;
      return;
    }
    if (last >= 0) {
      const before = this.#blocks[last] - block || this.#lasts[last] - slot;
      this.#inOrder = this.#inOrder && before < 0;
    }
    if (this.#count === this.#blocks.length) this.#grow();
    this.#blocks[this.#count] = block;
    this.#firsts[this.#count] = slot;
    this.#lasts[this.#count] = slot;
    this.#bytes[this.#count] = bytes;
    this.#count++;
  }

  /** As the `.del` file has them: in order, and as few as there can be. */
  ranges(part: number, stamp: number, op: number): DeletedRange[] {
    const ranges: { -readonly [Key in keyof DeletedRange]: DeletedRange[Key] }[] = [];
    let last: (typeof ranges)[number] | undefined;
    for (const i of this.#order()) {
      const [block, first, end, bytes] = [this.#blocks[i], this.#firsts[i], this.#lasts[i], this.#bytes[i]];
      if (last?.block === block && last.last + 1 === first) {
        last.last = end;
        last.bytes += bytes;
      } else {
        last = { part, block, first, last: end, bytes, stamp, op };
        ranges.push(last);
      }
    }
    return ranges;
  }

  #order(): Uint32Array {
    const order = new Uint32Array(this.#count);
    for (let i = 0; i < order.length; i++) order[i] = i;
    if (this.#inOrder) return order;
    const [blocks, firsts] = [this.#blocks, this.#firsts];
    return order.sort((a, b) => blocks[a] - blocks[b] || firsts[a] - firsts[b]);
  }

  #grow(): void {
    const room = this.#count * 2;
    this.#blocks = copyInto(new Uint32Array(room), this.#blocks);
    this.#firsts = copyInto(new Uint32Array(room), this.#firsts);
    this.#lasts = copyInto(new Uint32Array(room), this.#lasts);
    this.#bytes = copyInto(new Float64Array(room), this.#bytes);
  }
}

function copyInto<T extends Uint32Array | Float64Array>(wider: T, column: T): T {
  wider.set(column);
  return wider;
}
