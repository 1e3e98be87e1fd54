/**
 * Takes the insignificant white space out of values that hold raw line breaks (spec 1.1), in place and in steps: once,
 * and ahead of everything that would otherwise do it in one go for a whole batch (9.3). The batch's bytes are changed,
 * so that they have to be the caller's own.
 */
import { assert } from "./assert.ts";
import { writeCompact } from "./json-compact.ts";
import { type RecordBatch, slot, slotFlag, slotsPerRecord } from "./record-batch.ts";

export class BatchCompaction {
  readonly #batch: RecordBatch;
  #row = 0;

  constructor(batch: RecordBatch) {
    this.#batch = batch;
  }

  /** Goes on to the end of the value with which `budgetBytes` are used up. True when no value is spaced any more. */
  step(budgetBytes: number): boolean {
    assert(budgetBytes > 0, "a step must be able to move");
    const { slots, count } = this.#batch;
    let left = budgetBytes;
    for (; this.#row < count * slotsPerRecord; this.#row += slotsPerRecord) {
      if (left <= 0) return false;
      const flags = slots[this.#row + slot.flags];
      if ((flags & (slotFlag.dataSpaced | slotFlag.metaSpaced)) === 0) continue;
      if ((flags & slotFlag.dataSpaced) !== 0) left -= this.#compact(this.#row + slot.dataStart);
      if ((flags & slotFlag.metaSpaced) !== 0) left -= this.#compact(this.#row + slot.metaStart);
      slots[this.#row + slot.flags] = flags & ~(slotFlag.dataSpaced | slotFlag.metaSpaced);
    }
    return true;
  }

  /** Returns how many bytes were gone through. What is left behind the value belongs to nothing. */
  #compact(place: number): number {
    const { bytes, slots } = this.#batch;
    const [start, end] = [slots[place], slots[place + 1]];
    slots[place + 1] = writeCompact(bytes, start, bytes, start, end);
    return end - start;
  }
}
