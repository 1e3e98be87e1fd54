/** Records of the engine in memory: the bytes of their values as they came, and their wire form. */
import type { RecordBatch } from "../../base/record-batch.ts";
import { slot, slotsPerRecord } from "../../base/record-batch.ts";

export interface FakeRecord {
  readonly seq: number;
  readonly data: Buffer;
  readonly meta: Buffer | undefined;
  /** Between its quotes, as written. */
  readonly node: string | undefined;
  readonly tag: string | undefined;
}

export function recordsOf(batch: RecordBatch, firstSeq: number): FakeRecord[] {
  return Array.from({ length: batch.count }, (_, at) => {
    const piece = (start: number, end: number): Buffer | undefined => {
      const row = at * slotsPerRecord;
      const from = batch.slots[row + start];
      return from === 0 ? undefined : Buffer.from(batch.bytes.slice(from, batch.slots[row + end]));
    };
    return {
      seq: firstSeq + at,
      data: piece(slot.dataStart, slot.dataEnd) ?? Buffer.from("null"),
      meta: piece(slot.metaStart, slot.metaEnd),
      node: piece(slot.nodeStart, slot.nodeEnd)?.toString() ?? batch.node,
      tag: piece(slot.tagStart, slot.tagEnd)?.toString(),
    };
  });
}

export function wireBytes(records: readonly FakeRecord[]): Buffer {
  const parts: Buffer[] = [];
  for (const { seq, node, data, meta } of records) {
    const origin = node === undefined ? "" : `"$node":"${node}",`;
    parts.push(Buffer.from(`${parts.length === 0 ? "" : ","}{"$seq":${seq},"$ts":1000,${origin}"data":`), data);
    if (meta !== undefined) parts.push(Buffer.from(',"meta":'), meta);
    parts.push(Buffer.from("}"));
  }
  return Buffer.concat(parts);
}
