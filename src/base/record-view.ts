/**
 * Stored records on their way out in another shape than they are stored (spec 2.7): with `$tag`, without `meta`, without
 * `data`. Works on the three numbers that record.ts keeps per record; nothing is parsed.
 */
import { ascii } from "./json-bytes.ts";
import { writeAscii } from "./json-write.ts";
import type { WordCopy } from "./word-copy.ts";

/** One stored record: [start, end) without its comma, and the lengths of its values. */
export interface RecordSpan {
  start: number;
  end: number;
  dataBytes: number;
  /** 0: there is none. */
  metaBytes: number;
}

export interface RecordShape {
  readonly includeData: boolean;
  readonly includeMeta: boolean;
}

const dataKey = ',"data":';
const metaKey = ',"meta":';
const tagKey = ',"$tag":';

/** Length of the part from `,"meta":` to its value's end; 0 without `meta`. */
function metaPart(span: RecordSpan): number {
  return span.metaBytes === 0 ? 0 : metaKey.length + span.metaBytes;
}

/** Offset of `,"data":`, which is where the head ends and `$tag` belongs. */
export function headEnd(span: RecordSpan): number {
  return dataStart(span) - dataKey.length;
}

export function dataStart(span: RecordSpan): number {
  return span.end - 1 - metaPart(span) - span.dataBytes;
}

/** Offset of the value of `meta`, if there is one. */
export function metaStart(span: RecordSpan): number {
  return span.end - 1 - span.metaBytes;
}

/** How many bytes `writeShaped` writes. `tagJson` is the tag as a JSON string, quotes included. */
export function shapedBytes(span: RecordSpan, shape: RecordShape, tagJson: Uint8Array | undefined): number {
  let length = span.end - span.start;
  if (!shape.includeData) length -= dataKey.length + span.dataBytes;
  if (!shape.includeMeta) length -= metaPart(span);
  return tagJson === undefined ? length : length + tagKey.length + tagJson.length;
}

/** Writes a record at `at` of the copy's target, without a comma; returns the offset behind it. */
export function writeShaped(
  copy: WordCopy,
  into: Uint8Array,
  at: number,
  span: RecordSpan,
  shape: RecordShape,
  tagJson: Uint8Array | undefined,
): number {
  const head = headEnd(span);
  const meta = span.end - 1 - metaPart(span);
  let to = copy.run(span.start, head, at);
  if (tagJson !== undefined) {
    to = writeAscii(into, to, tagKey);
    for (let i = 0; i < tagJson.length; i++) into[to++] = tagJson[i];
  }
  if (shape.includeData) to = copy.run(head, meta, to);
  if (shape.includeMeta) to = copy.run(meta, span.end - 1, to);
  into[to] = ascii.closeBrace;
  return to + 1;
}

const seqKeyLength = '{"$seq":'.length;
const tsKeyLength = ',"$ts":'.length;
const nodeKeyLength = ',"$node":"'.length;

/** Where the string of `$node` begins, inside its quotes; it ends at `headEnd - 1`. 0 when the record names no node. */
export function nodeStart(bytes: Uint8Array, span: RecordSpan): number {
  let at = afterDigits(bytes, span.start + seqKeyLength);
  at = afterDigits(bytes, at + tsKeyLength);
  return at === headEnd(span) ? 0 : at + nodeKeyLength;
}

function afterDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] >= ascii.zero && bytes[at] <= ascii.nine) at++;
  return at;
}
