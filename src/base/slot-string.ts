/**
 * The tag or node of a record in a batch, decoded. The same few strings come again and again: a small table keeps the
 * last one per hash, and comparing bytes with it is cheaper than decoding.
 */
import { assert } from "./assert.ts";
import { decodeJsonString } from "./json-string.ts";
import { type RecordBatch, slot, slotFlag, slotsPerRecord } from "./record-batch.ts";

const kinds = {
  tag: { start: slot.tagStart, end: slot.tagEnd, escaped: slotFlag.tagEscaped },
  node: { start: slot.nodeStart, end: slot.nodeEnd, escaped: slotFlag.nodeEscaped },
} as const;

/** `undefined` when the record has none of its own. */
export function slotString(batch: RecordBatch, i: number, which: "tag" | "node"): string | undefined {
  const kind = kinds[which];
  const row = i * slotsPerRecord;
  const start = batch.slots[row + kind.start];
  if (start === 0) return undefined;
  const end = batch.slots[row + kind.end];
  if ((batch.slots[row + slot.flags] & kind.escaped) === 0) return recurring(batch.bytes, start, end);
  return decoded(batch.bytes, start, end);
}

const tableSize = 1024;
/** Longer strings are not worth keeping, nor comparing. */
const longestKept = 64;
const table: string[] = new Array<string>(tableSize).fill("");

function recurring(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length > longestKept) return decoded(bytes, start, end);
  let hash = length;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]) | 0;
  const place = (hash ^ (hash >>> 10)) & (tableSize - 1);
  const kept = table[place];
  if (isSame(kept, bytes, start, length)) return kept;
  const text = decoded(bytes, start, end);
  if (text.length === length) table[place] = text;
  return text;
}

/** Only ASCII has as many characters as bytes, so comparing those is enough. */
function isSame(text: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

function decoded(bytes: Uint8Array, start: number, end: number): string {
  const text = decodeJsonString(bytes, start, end);
  assert(text !== undefined, "whoever made the batch has refused lone surrogates");
  return text;
}
