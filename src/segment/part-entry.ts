/**
 * What is known of a part without reading its file (spec 6.3, 6.4): kept in memory, in checkpoints, and in the file's own
 * directory of parts. Nothing of it is believed before it was checked here.
 */
import type { Extent } from "./extent.ts";
import { blockHeaderBytes, segmentHeaderBytes, two32 } from "./format.ts";
import { partIndexBytes } from "./index-layout.ts";
import { compareTags, isWellFormed } from "./tag-order.ts";
import { maxRangeTagBytes, type TagRange } from "./tag-range.ts";

export interface PartEntry {
  readonly file: number;
  /** Of the part in its file, from 0. */
  readonly ordinal: number;
  readonly topicId: number;
  readonly epoch: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly firstTs: number;
  readonly lastTs: number;
  readonly records: number;
  /** Payload bytes (`data` and `meta`) of all its records, dead ones too. */
  readonly bytes: number;
  readonly blocks: number;
  readonly index: Extent;
  /** `undefined`: no record has a tag. */
  readonly tags: TagRange | undefined;
}

/** Why this is no part's entry; `undefined` when it may be one. */
export function wrongEntry(entry: PartEntry): string | undefined {
  const { firstSeq, lastSeq, records, blocks, index, tags } = entry;
  const small = [entry.ordinal, entry.topicId, entry.epoch, records, blocks, index.bytes];
  if (!small.every((value) => isNumber(value) && value < two32)) return "a number out of range";
  const large = [entry.file, firstSeq, lastSeq, entry.firstTs, entry.lastTs, entry.bytes, index.at];
  if (!large.every(isNumber)) return "a number out of range";
  if (firstSeq < 1 || lastSeq < firstSeq || lastSeq - firstSeq >= two32) return "a range of seqs that is none";
  if (entry.lastTs < entry.firstTs) return "a range of times that is none";
  if (blocks < 1 || records < blocks || records > lastSeq - firstSeq + 1) return "counts that do not fit";
  if (index.bytes !== partIndexBytes(blocks, tags !== undefined)) return "an index of another length";
  if (index.at < segmentHeaderBytes + blocks * blockHeaderBytes) return "an index at no place for one";
  return tags === undefined ? undefined : wrongRange(tags);
}

/** A compact array; the hash as 16 hex digits. */
export function partToJson(entry: PartEntry): unknown {
  const { index, tags } = entry;
  return [
    ...[entry.file, entry.ordinal, entry.topicId, entry.epoch, entry.firstSeq, entry.lastSeq, entry.firstTs],
    ...[entry.lastTs, entry.records, entry.bytes, entry.blocks, index.at, index.bytes],
    index.hash.toString(16).padStart(16, "0"),
    ...(tags === undefined ? [] : [tags.least, tags.greatest]),
  ];
}

const numbers = 13;

/** `undefined` for anything that `partToJson` does not make. */
export function partFromJson(json: unknown): PartEntry | undefined {
  if (!Array.isArray(json)) return undefined;
  const values = json as readonly unknown[];
  if (values.length !== numbers + 1 && values.length !== numbers + 3) return undefined;
  if (!values.slice(0, numbers).every((value) => typeof value === "number")) return undefined;
  const [file, ordinal, topicId, epoch, firstSeq, lastSeq, firstTs, lastTs, records, bytes, blocks, at, length] =
    values as readonly number[];
  const hash = values[numbers];
  if (typeof hash !== "string" || !/^[0-9a-f]{16}$/.test(hash)) return undefined;
  const [least, greatest] = values.slice(numbers + 1);
  const tagged = values.length > numbers + 1;
  if (tagged && (typeof least !== "string" || typeof greatest !== "string")) return undefined;
  const entry: PartEntry = {
    ...{ file, ordinal, topicId, epoch, firstSeq, lastSeq, firstTs, lastTs, records, bytes, blocks },
    index: { at, bytes: length, hash: BigInt(`0x${hash}`) },
    tags: tagged ? { least: least as string, greatest: greatest as string } : undefined,
  };
  return wrongEntry(entry) === undefined ? entry : undefined;
}

function wrongRange({ least, greatest }: TagRange): string | undefined {
  for (const tag of [least, greatest]) {
    if (!isWellFormed(tag) || Buffer.byteLength(tag) > maxRangeTagBytes) return "a cut tag that is none";
  }
  // Cutting may take more off the greater one, but then it is the beginning of the other.
  return compareTags(least, greatest) > 0 && !least.startsWith(greatest) ? "a range of tags that is none" : undefined;
}

function isNumber(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
