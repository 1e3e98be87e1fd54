/** Writes `records` payloads (records-format.ts): sizes first, so that the frame can be drafted at its exact length. */
import { assert } from "../base/assert.ts";
import type { RecordColumns } from "../base/record.ts";
import type { LinkAnchor } from "./link.ts";
import {
  anchorLength,
  bias,
  fixedBytes,
  flagCopied,
  flagDue,
  flagHops,
  flagKey,
  flagMoved,
  flagRetained,
  mask,
  RecordsEntry,
  two31,
} from "./records-format.ts";

/** Per record the number of a string in a table of this batch, 0 for none. There is at least one name. */
export interface StringColumn {
  readonly names: readonly string[];
  readonly index: Uint32Array;
}

/** What tells retained records apart from a batch as it was appended. */
export interface RetainedColumns {
  readonly seqDeltas: Uint32Array;
  readonly tsDeltas: Uint32Array;
}

/** What tells copies apart: how far their source is forwarded with them, and their times. */
export interface CopiedColumns {
  readonly anchor: LinkAnchor;
  readonly tsDeltas: Uint32Array;
}

/** What is known of a batch before its records are encoded. */
export interface RecordsPlan {
  readonly ts: number;
  readonly count: number;
  readonly key: string | undefined;
  /** The key is that of a record moved here from another topic. */
  readonly isMoved?: boolean;
  /** By record, engine clock; 0: at once. */
  readonly due?: Float64Array | undefined;
  readonly wireBytes: number;
  readonly tags: StringColumn | undefined;
  readonly nodes: StringColumn | undefined;
  readonly retained?: RetainedColumns | undefined;
  readonly copied?: CopiedColumns;
  /** Per record; absent when none has any. */
  readonly hops?: Uint32Array | undefined;
}

/** A batch ready to be written: its strings are encoded once. */
export interface RecordsLayout {
  readonly plan: RecordsPlan;
  readonly tags: readonly string[];
  readonly nodes: readonly string[];
  readonly key: string;
  readonly stringBytes: number;
  readonly payloadBytes: number;
  /** Where the wire bytes go, up to the end. */
  readonly wireAt: number;
}

export function layoutRecords(plan: RecordsPlan): RecordsLayout {
  assert(plan.count > 0 && plan.wireBytes <= mask, "a batch has records, and fewer than 2^31 bytes");
  const tags = (plan.tags?.names ?? []).map(insideOfJson);
  const nodes = (plan.nodes?.names ?? []).map(insideOfJson);
  const key = plan.key === undefined ? "" : insideOfJson(plan.key);
  let stringBytes = Buffer.byteLength(key);
  for (const text of tags) stringBytes += Buffer.byteLength(text);
  for (const text of nodes) stringBytes += Buffer.byteLength(text);
  const { retained, copied, hops } = plan;
  assert(retained === undefined || copied === undefined, "copies are not retained yet");
  const columns =
    3 +
    Number(tags.length > 0) +
    Number(nodes.length > 0) +
    (retained === undefined ? 0 : 2) +
    Number(copied !== undefined) +
    Number(hops !== undefined) +
    (plan.due === undefined ? 0 : 2);
  const columnsAt = fixedBytes + anchorLength(copied?.anchor.counts.length);
  const wireAt = columnsAt + 4 * (columns * plan.count + tags.length + nodes.length) + stringBytes;
  return { plan, tags, nodes, key, stringBytes, payloadBytes: wireAt + plan.wireBytes, wireAt };
}

/** Fills all of `into` but the wire bytes, which are there already; gives it back as replay will see it. */
export function writeRecords(layout: RecordsLayout, columns: RecordColumns, into: Buffer): RecordsEntry {
  const { plan, tags, nodes, key } = layout;
  assert(into.length === layout.payloadBytes, "a records payload has the length that was laid out");
  const view = new DataView(into.buffer, into.byteOffset, into.length);
  let at = 0;
  const word = (value: number): void => {
    view.setUint32(at, value | bias, true);
    at += 4;
  };
  word(flagsOf(plan));
  word(plan.count);
  word(plan.wireBytes);
  word(tags.length);
  word(nodes.length);
  word(Buffer.byteLength(key));
  word(layout.stringBytes);
  word(Math.floor(plan.ts / two31));
  word(plan.ts % two31);
  assert(at === fixedBytes, "the fixed part has its length");
  if (plan.copied !== undefined) {
    const { through, counts } = plan.copied.anchor;
    word(Math.floor(through / two31));
    word(through % two31);
    word(counts.length);
    for (const count of counts) word(count);
  }
  at = writeColumn(view, at, columns.starts, plan.count);
  at = writeColumn(view, at, columns.dataBytes, plan.count);
  at = writeColumn(view, at, columns.metaBytes, plan.count);
  if (plan.tags !== undefined) at = writeColumn(view, at, plan.tags.index, plan.count);
  if (plan.nodes !== undefined) at = writeColumn(view, at, plan.nodes.index, plan.count);
  if (plan.retained !== undefined) {
    at = writeColumn(view, at, plan.retained.seqDeltas, plan.count);
    at = writeColumn(view, at, plan.retained.tsDeltas, plan.count);
  }
  if (plan.copied !== undefined) at = writeColumn(view, at, plan.copied.tsDeltas, plan.count);
  if (plan.hops !== undefined) at = writeColumn(view, at, plan.hops, plan.count);
  if (plan.due !== undefined) {
    at = writeColumn(view, at, plan.due, plan.count, (due) => Math.floor(due / two31));
    at = writeColumn(view, at, plan.due, plan.count, (due) => due % two31);
  }
  let textAt = layout.wireAt - layout.stringBytes;
  for (const texts of [tags, nodes]) {
    for (const text of texts) {
      const bytes = into.write(text, textAt, "utf8");
      word(bytes);
      textAt += bytes;
    }
  }
  textAt += into.write(key, textAt, "utf8");
  assert(textAt === layout.wireAt, "the strings have the length that was laid out");
  const shape = {
    count: plan.count,
    ts: plan.ts,
    retained: plan.retained !== undefined,
    anchor: plan.copied?.anchor,
    hops: plan.hops !== undefined,
    isMoved: plan.isMoved === true,
    hasDue: plan.due !== undefined,
    wireBytes: plan.wireBytes,
    tagCount: tags.length,
    nodeCount: nodes.length,
  };
  const strings = { tags: plan.tags?.names ?? [], nodes: plan.nodes?.names ?? [], key: plan.key };
  return new RecordsEntry(into, shape, strings);
}

function flagsOf({ key, retained, copied, hops, isMoved, due }: RecordsPlan): number {
  return (
    (key === undefined ? 0 : flagKey) |
    (retained === undefined ? 0 : flagRetained) |
    (copied === undefined ? 0 : flagCopied) |
    (hops === undefined ? 0 : flagHops) |
    (isMoved === true ? flagMoved : 0) |
    (due === undefined ? 0 : flagDue)
  );
}

function writeColumn(
  view: DataView,
  at: number,
  values: Uint32Array | Float64Array,
  count: number,
  word?: (value: number) => number,
): number {
  if (word === undefined) for (let i = 0; i < count; i++, at += 4) view.setUint32(at, values[i] | bias, true);
  else for (let i = 0; i < count; i++, at += 4) view.setUint32(at, word(values[i]) | bias, true);
  return at;
}

/** Pure text without zero bytes, whatever the string holds. */
function insideOfJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
