/**
 * The slots of a batch in the making: one Uint32Array that grows by doubling. One array is kept for the next batch, so
 * that a steady stream of writes allocates none; whoever is done with a batch may give its array back.
 */
import { type RecordBatch, slotsPerRecord } from "./record-batch.ts";

const firstRecords = 256;
/** An array that grew beyond this is left to the garbage collector. */
const pooledRecords = 16_384;

let pooled: Uint32Array | undefined;

export function takeSlots(): Uint32Array {
  const slots = pooled ?? new Uint32Array(firstRecords * slotsPerRecord);
  pooled = undefined;
  return slots;
}

export function growSlots(slots: Uint32Array): Uint32Array {
  const larger = new Uint32Array(slots.length * 2);
  larger.set(slots);
  return larger;
}

export function giveSlots(slots: Uint32Array): void {
  if (slots.length <= pooledRecords * slotsPerRecord) pooled = slots;
}

/**
 * Gives a batch's slots back. The caller must not look at the batch again: the next body overwrites them. Forgetting
 * this costs an allocation, not correctness; doing it twice for one batch does harm.
 */
export function recycleBatch(batch: RecordBatch): void {
  giveSlots(batch.slots);
}
