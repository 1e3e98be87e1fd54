/**
 * The wire bytes of a record, which are also what is stored (spec 1.1, 2.7):
 *
 *     {"$seq":1,"$ts":2,"$node":"n","data":…,"meta":…}
 *     └─────────── head ──────────┘└─ body ──────────┘
 *
 * Records of a batch lie side by side, comma-separated. `$tag` is not in these bytes: it goes between head and body on
 * the way out. Three numbers per record say where everything is, so that reading never parses: where it starts (and so
 * where the one before ends), how long the value of `data` is, and how long that of `meta` (0: there is none). The part
 * behind the head is counted from the record's end. Payload size, as caps and `bytes` count it, is the sum of the last
 * two.
 */
import { assert } from "./assert.ts";
import { ascii } from "./json-bytes.ts";
import { compactLength, writeCompact } from "./json-compact.ts";
import { digitCount, jsonStringBytes, writeAscii, writeInteger } from "./json-write.ts";
import { type RecordBatch, slot, slotFlag, slotsPerRecord } from "./record-batch.ts";
import { WordCopy } from "./word-copy.ts";

/** Rows of a batch's records, in order; each array has at least `count` of them. */
export interface RecordColumns {
  /** Relative to the first record's first byte. */
  readonly starts: Uint32Array;
  readonly dataBytes: Uint32Array;
  readonly metaBytes: Uint32Array;
}

const seqKey = '{"$seq":';
const tsKey = ',"$ts":';
const nodeKey = ',"$node":';
const dataKey = ',"data":';
const metaKey = ',"meta":';

export interface BatchSize {
  /** What `encodeRecords` writes, commas included. */
  readonly wireBytes: number;
  /** `data` + `meta` as stored. */
  readonly payloadBytes: number;
}

/** Exact sizes, before anything is written. Without spaced values this only adds up slots. */
export function measureBatch(batch: RecordBatch, firstSeq: number, ts: number): BatchSize {
  const { slots, bytes, count } = batch;
  let payloadBytes = 0;
  let metas = 0;
  let ownNodes = 0;
  let ownNodeBytes = 0;
  for (let row = 0; row < count * slotsPerRecord; row += slotsPerRecord) {
    const flags = slots[row + slot.flags];
    const dataStart = slots[row + slot.dataStart];
    const dataEnd = slots[row + slot.dataEnd];
    payloadBytes +=
      (flags & slotFlag.dataSpaced) === 0 ? dataEnd - dataStart : compactLength(bytes, dataStart, dataEnd);
    const metaStart = slots[row + slot.metaStart];
    if (metaStart !== 0) {
      const metaEnd = slots[row + slot.metaEnd];
      payloadBytes +=
        (flags & slotFlag.metaSpaced) === 0 ? metaEnd - metaStart : compactLength(bytes, metaStart, metaEnd);
      metas++;
    }
    if (slots[row + slot.nodeStart] !== 0) {
      ownNodes++;
      ownNodeBytes += slots[row + slot.nodeEnd] - slots[row + slot.nodeStart] + 2;
    }
  }
  const batchNode = batch.node === undefined ? 0 : nodeKey.length + jsonStringBytes(batch.node).length;
  const frame = seqKey.length + tsKey.length + digitCount(ts) + dataKey.length + 1;
  const wireBytes =
    payloadBytes +
    count * (frame + 1) -
    1 +
    seqDigits(firstSeq, count) +
    metas * metaKey.length +
    ownNodes * nodeKey.length +
    ownNodeBytes +
    (count - ownNodes) * batchNode;
  return { wireBytes, payloadBytes };
}

/** Digits of `count` seqs from `first` on. */
function seqDigits(first: number, count: number): number {
  let digits = 0;
  for (let from = first; from < first + count;) {
    const width = digitCount(from);
    const to = Math.min(first + count, 10 ** width);
    digits += (to - from) * width;
    from = to;
  }
  return digits;
}

/**
 * Writes all records of a batch at `at`, where `measureBatch` bytes must be free; fills `columns`; returns the offset
 * behind the last one. Values that hold raw line breaks lose their insignificant white space.
 */
export function encodeRecords(
  batch: RecordBatch,
  firstSeq: number,
  ts: number,
  into: Uint8Array,
  at: number,
  columns: RecordColumns,
): number {
  const { slots, bytes, count } = batch;
  assert(count > 0 && columns.starts.length >= count, "a batch has records, and a row for each");
  const copy = new WordCopy(bytes, into);
  const shared = new WordCopy(sharedHead(batch.node, ts), into);
  const tsLength = tsKey.length + digitCount(ts);
  let to = at;
  for (let i = 0, row = 0; i < count; i++, row += slotsPerRecord) {
    if (i > 0) into[to++] = ascii.comma;
    columns.starts[i] = to - at;
    to = shared.run(0, seqKey.length, to);
    to = writeInteger(into, to, firstSeq + i);
    const nodeStart = slots[row + slot.nodeStart];
    if (nodeStart === 0) to = shared.run(seqKey.length, shared.length, to);
    else {
      const nodeEnd = slots[row + slot.nodeEnd];
      to = shared.run(seqKey.length, seqKey.length + tsLength, to);
      to = writeAscii(into, to, nodeKey);
      to = copy.run(nodeStart - 1, nodeEnd + 1, to);
      to = writeAscii(into, to, dataKey);
    }
    const flags = slots[row + slot.flags];
    const dataAt = to;
    const dataStart = slots[row + slot.dataStart];
    const dataEnd = slots[row + slot.dataEnd];
    if ((flags & slotFlag.dataSpaced) === 0) to = copy.run(dataStart, dataEnd, to);
    else to = writeCompact(into, to, bytes, dataStart, dataEnd);
    columns.dataBytes[i] = to - dataAt;
    const metaStart = slots[row + slot.metaStart];
    if (metaStart === 0) columns.metaBytes[i] = 0;
    else {
      const metaEnd = slots[row + slot.metaEnd];
      to = writeAscii(into, to, metaKey);
      const metaAt = to;
      if ((flags & slotFlag.metaSpaced) === 0) to = copy.run(metaStart, metaEnd, to);
      else to = writeCompact(into, to, bytes, metaStart, metaEnd);
      columns.metaBytes[i] = to - metaAt;
    }
    into[to++] = ascii.closeBrace;
  }
  return to;
}

/** What the records of a batch have in common: the key in front of the seq, then all between it and the data. */
function sharedHead(node: string | undefined, ts: number): Uint8Array {
  const nodeBytes = node === undefined ? undefined : jsonStringBytes(node);
  const nodeLength = nodeBytes === undefined ? 0 : nodeKey.length + nodeBytes.length;
  const head = new Uint8Array(seqKey.length + tsKey.length + digitCount(ts) + nodeLength + dataKey.length);
  let to = writeAscii(head, 0, seqKey);
  to = writeInteger(head, writeAscii(head, to, tsKey), ts);
  if (nodeBytes !== undefined) {
    to = writeAscii(head, to, nodeKey);
    head.set(nodeBytes, to);
    to += nodeBytes.length;
  }
  assert(writeAscii(head, to, dataKey) === head.length, "the head has the length that was added up");
  return head;
}
