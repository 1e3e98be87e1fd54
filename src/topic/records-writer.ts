/** Writes `records` payloads (records-format.ts): sizes first, so that the frame can be drafted at its exact length. */
import { assert } from "../base/assert.ts";
import { bias, fixedBytes, flagKey, flagRetained, mask, RecordsEntry, two31 } from "./records-format.ts";

/** Per record the number of a string in a table of this batch, 0 for none. */
export interface StringColumn {
  readonly names: readonly string[];
  readonly index: Uint32Array;
}

/** What tells retained records apart from a batch as it was appended. */
export interface RetainedColumns {
  readonly seqDeltas: Uint32Array;
  readonly tsDeltas: Uint32Array;
}

export interface RecordsToWrite {
  readonly ts: number;
  readonly count: number;
  readonly key: string | undefined;
  readonly wire: Uint8Array;
  readonly starts: Uint32Array;
  readonly dataBytes: Uint32Array;
  readonly metaBytes: Uint32Array;
  readonly tags: StringColumn | undefined;
  readonly nodes: StringColumn | undefined;
  readonly retained: RetainedColumns | undefined;
}

/** A batch ready to be written: its strings are encoded once. */
export interface RecordsLayout {
  readonly records: RecordsToWrite;
  readonly tags: readonly string[];
  readonly nodes: readonly string[];
  readonly key: string;
  readonly stringBytes: number;
  readonly payloadBytes: number;
}

export function layoutRecords(records: RecordsToWrite): RecordsLayout {
  const tags = (records.tags?.names ?? []).map(insideOfJson);
  const nodes = (records.nodes?.names ?? []).map(insideOfJson);
  const key = records.key === undefined ? "" : insideOfJson(records.key);
  let stringBytes = Buffer.byteLength(key);
  for (const text of tags) stringBytes += Buffer.byteLength(text);
  for (const text of nodes) stringBytes += Buffer.byteLength(text);
  const columns = 3 + Number(tags.length > 0) + Number(nodes.length > 0) + (records.retained === undefined ? 0 : 2);
  const words = columns * records.count + tags.length + nodes.length;
  const payloadBytes = fixedBytes + 4 * words + stringBytes + records.wire.length;
  return { records, tags, nodes, key, stringBytes, payloadBytes };
}

/** Fills `into`, and gives it back as replay will see it. */
export function writeRecords(layout: RecordsLayout, into: Buffer): RecordsEntry {
  const { records, tags, nodes, key } = layout;
  assert(into.length === layout.payloadBytes, "a records payload has the length that was laid out");
  assert(records.count > 0 && records.wire.length <= mask, "a batch has records, and fewer than 2^31 bytes");
  const view = new DataView(into.buffer, into.byteOffset, into.length);
  const flags = (records.key === undefined ? 0 : flagKey) | (records.retained === undefined ? 0 : flagRetained);
  const keyBytes = Buffer.byteLength(key);
  const head = [
    flags,
    records.count,
    records.wire.length,
    tags.length,
    nodes.length,
    keyBytes,
    layout.stringBytes,
    Math.floor(records.ts / two31),
    records.ts % two31,
  ];
  head.forEach((word, place) => view.setUint32(4 * place, word | bias, true));
  let at = fixedBytes;
  const column = (values: Uint32Array | undefined): void => {
    if (values === undefined) return;
    for (let i = 0; i < records.count; i++, at += 4) view.setUint32(at, values[i] | bias, true);
  };
  column(records.starts);
  column(records.dataBytes);
  column(records.metaBytes);
  if (tags.length > 0) column(records.tags?.index);
  if (nodes.length > 0) column(records.nodes?.index);
  column(records.retained?.seqDeltas);
  column(records.retained?.tsDeltas);
  let textAt = at + 4 * (tags.length + nodes.length);
  for (const text of [...tags, ...nodes]) {
    const bytes = into.write(text, textAt, "utf8");
    view.setUint32(at, bytes | bias, true);
    at += 4;
    textAt += bytes;
  }
  textAt += into.write(key, textAt, "utf8");
  into.set(records.wire, textAt);
  return new RecordsEntry(
    into,
    {
      count: records.count,
      ts: records.ts,
      retained: records.retained !== undefined,
      wireBytes: records.wire.length,
      tagCount: tags.length,
      nodeCount: nodes.length,
    },
    { tags: records.tags?.names ?? [], nodes: records.nodes?.names ?? [], key: records.key },
  );
}

/** Pure text without zero bytes, whatever the string holds. */
function insideOfJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
