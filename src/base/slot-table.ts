/**
 * The slots of a batch in the making: one Uint32Array that grows by doubling. Arrays are kept for the batches to come, as
 * many as are in flight under a steady stream of writes, which so allocates none; whoever is done with a batch may give
 * its array back.
 */
import { type RecordBatch, slotsPerRecord } from "./record-batch.ts";

const firstRecords = 256;
/** Arrays for as many records are kept in all; what is beyond is left to the garbage collector. */
const pooledRecords = 65_536;

const pool: Uint32Array[] = [];
let pooledSlots = 0;

export function takeSlots(): Uint32Array {
  const slots = pool.pop();
  if (slots === undefined) return new Uint32Array(firstRecords * slotsPerRecord);
  pooledSlots -= slots.length;
  return slots;
}

export function growSlots(slots: Uint32Array): Uint32Array {
  const larger = new Uint32Array(slots.length * 2);
  larger.set(slots);
  return larger;
}

export function giveSlots(slots: Uint32Array): void {
  if (pooledSlots + slots.length > pooledRecords * slotsPerRecord) return;
  pooledSlots += slots.length;
  pool.push(slots);
}

/**
 * Gives a batch's slots back. The caller must not look at the batch again: the next body overwrites them. Forgetting
 * this costs an allocation, not correctness; doing it twice for one batch does harm.
 */
export function recycleBatch(batch: RecordBatch): void {
  giveSlots(batch.slots);
}
