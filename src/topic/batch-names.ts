/** Tags and nodes of a batch as columns of small numbers. Neighbours with the same spelling are decoded once. */
import { assert } from "../base/assert.ts";
import { decodeJsonString } from "../base/json-string.ts";
import { type RecordBatch, slot, slotsPerRecord } from "../base/record-batch.ts";
import type { StringColumn } from "./records-writer.ts";

/** `undefined` when no record has one. */
export function tagColumn(batch: RecordBatch): StringColumn | undefined {
  return nameColumn(batch, slot.tagStart, undefined);
}

export function nodeColumn(batch: RecordBatch): StringColumn | undefined {
  return nameColumn(batch, slot.nodeStart, batch.node);
}

function nameColumn(batch: RecordBatch, startSlot: number, otherwise: string | undefined): StringColumn | undefined {
  const { bytes, slots, count } = batch;
  let names: string[] | undefined;
  let places: Map<string, number> | undefined;
  let index: Uint32Array | undefined;
  let lastStart = 0;
  let lastEnd = 0;
  let lastPlace = 0;
  for (let i = 0, row = startSlot; i < count; i++, row += slotsPerRecord) {
    const start = slots[row];
    const end = slots[row + 1];
    if (start === 0 && otherwise === undefined) continue;
    names ??= [];
    places ??= new Map();
    index ??= new Uint32Array(count);
    if (start !== 0 && lastStart !== 0 && sameBytes(bytes, start, end, lastStart, lastEnd)) {
      index[i] = lastPlace;
      continue;
    }
    const name = start === 0 ? otherwise : decodeJsonString(bytes, start, end);
    assert(name !== undefined, "strings of a batch have been checked");
    let place = places.get(name);
    if (place === undefined) {
      place = names.push(name);
      places.set(name, place);
    }
    index[i] = place;
    if (start !== 0) [lastStart, lastEnd, lastPlace] = [start, end, place];
  }
  return names === undefined || index === undefined ? undefined : { names, index };
}

function sameBytes(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): boolean {
  if (aEnd - a !== bEnd - b) return false;
  while (a < aEnd) if (bytes[a++] !== bytes[b++]) return false;
  return true;
}
