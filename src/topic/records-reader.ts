/**
 * Reads `records` payloads (records-format.ts). Every number is bounded by what is there before it is used; whatever does
 * not fit is an outcome with its reason. Nothing is thrown, and no record is parsed.
 */
import type { LinkAnchor } from "./link.ts";
import {
  anchorBytes,
  anchorLength,
  fixedBytes,
  flagCopied,
  flagDue,
  flagHops,
  flagKey,
  flagMoved,
  flagRetained,
  knownFlags,
  mask,
  mostHops,
  RecordsEntry,
  two31,
} from "./records-format.ts";

const openBrace = 0x7b;
const comma = 0x2c;

export type RecordsOutcome =
  { readonly ok: true; readonly entry: RecordsEntry } | { readonly ok: false; readonly reason: string };

/** Of a payload that was read as good. */
export function isRetained(payload: Uint8Array): boolean {
  return (new DataView(payload.buffer, payload.byteOffset, payload.length).getUint32(0, true) & flagRetained) !== 0;
}

export function readRecords(payload: Uint8Array): RecordsOutcome {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  if (bytes.length < fixedBytes) return corrupt("a records payload is shorter than its fixed part");
  const word = (at: number): number => view.getUint32(at, true) & mask;
  const flags = word(0);
  if ((flags & ~knownFlags) !== 0) return corrupt("a records payload has unknown flags");
  const [count, wireBytes, tagCount, nodeCount, keyBytes, stringBytes] = [4, 8, 12, 16, 20, 24].map(word);
  const ts = word(28) * two31 + word(32);
  if (count === 0 || !Number.isSafeInteger(ts))
    return corrupt("a records payload has no records or an impossible time");
  const retained = (flags & flagRetained) !== 0;
  const copied = (flags & flagCopied) !== 0;
  const hops = (flags & flagHops) !== 0;
  if (retained && copied) return corrupt("a records payload is of two kinds");
  const anchor = copied ? anchorAt(bytes, word) : undefined;
  if (copied && anchor === undefined) return corrupt("a records payload has a bad anchor");
  const isMoved = (flags & flagMoved) !== 0;
  const hasDue = (flags & flagDue) !== 0;
  if ((isMoved && (flags & flagKey) === 0) || (hasDue && retained))
    return corrupt("a records payload has flags that exclude each other");
  const named = Number(tagCount > 0) + Number(nodeCount > 0);
  const columns = 3 + named + (retained ? 2 : 0) + Number(copied) + Number(hops) + (hasDue ? 2 : 0);
  const lengthsAt = fixedBytes + anchorLength(anchor?.counts.length) + 4 * columns * count;
  const stringsAt = lengthsAt + 4 * (tagCount + nodeCount);
  if (stringsAt + stringBytes + wireBytes !== bytes.length) return corrupt("a records payload's parts do not add up");

  const texts: string[] = [];
  let textAt = stringsAt;
  for (let i = 0; i <= tagCount + nodeCount; i++) {
    const end = textAt + (i < tagCount + nodeCount ? word(lengthsAt + 4 * i) : keyBytes);
    const text = end <= stringsAt + stringBytes ? fromInsideOfJson(bytes.toString("utf8", textAt, end)) : undefined;
    if (text === undefined) return corrupt("a records payload has a bad string");
    texts.push(text);
    textAt = end;
  }
  if (textAt !== stringsAt + stringBytes) return corrupt("a records payload's strings do not add up");
  const strings = {
    tags: texts.slice(0, tagCount),
    nodes: texts.slice(tagCount, tagCount + nodeCount),
    key: (flags & flagKey) !== 0 ? texts[tagCount + nodeCount] : undefined,
  };
  const shape = { count, ts, retained, anchor, hops, isMoved, hasDue, wireBytes, tagCount, nodeCount };
  const entry = new RecordsEntry(bytes, shape, strings);
  const problem = columnProblem(entry);
  return problem === undefined ? { ok: true, entry } : corrupt(problem);
}

function anchorAt(bytes: Buffer, word: (at: number) => number): LinkAnchor | undefined {
  if (bytes.length < fixedBytes + anchorBytes) return undefined;
  const through = word(fixedBytes) * two31 + word(fixedBytes + 4);
  const routers = word(fixedBytes + 8);
  if (!Number.isSafeInteger(through) || bytes.length < fixedBytes + anchorLength(routers)) return undefined;
  return { through, counts: Array.from({ length: routers }, (_, i) => word(fixedBytes + anchorBytes + 4 * i)) };
}

function columnProblem(entry: RecordsEntry): string | undefined {
  const { count, bytes, wireAt, wireBytes } = entry;
  if (entry.start(0) !== 0) return "the first record does not start at its place";
  for (let i = 0; i < count; i++) {
    const start = entry.start(i);
    const end = entry.start(i + 1) - 1;
    if (end > wireBytes || start + entry.dataBytes(i) + entry.metaBytes(i) >= end)
      return "a record has an impossible length";
    if (bytes[wireAt + start] !== openBrace) return "a record does not begin where it should";
    if (end < wireBytes && bytes[wireAt + end] !== comma) return "a record does not end where it should";
    if (entry.tag(i) > entry.tags.length || entry.node(i) > entry.nodes.length)
      return "a record's tag or node is unknown";
    if (entry.hops(i) > mostHops) return "a record came through too many links";
  }
  if (entry.hasDue)
    for (let i = 0; i < count; i++) if (!Number.isSafeInteger(entry.dueMs(i))) return "a record has an impossible time";
  if (!entry.hasTimes) return undefined;
  for (let i = 0; i < count; i++) {
    if (entry.retained && (i === 0 ? entry.seqDelta(0) !== 0 : entry.seqDelta(i) <= entry.seqDelta(i - 1)))
      return "seqs are out of order";
    if (i > 0 && entry.tsDelta(i) < entry.tsDelta(i - 1)) return "times are out of order";
  }
  return undefined;
}

function corrupt(reason: string): RecordsOutcome {
  return { ok: false, reason };
}

function fromInsideOfJson(text: string): string | undefined {
  if (!text.includes("\\")) return text;
  try {
    const value: unknown = JSON.parse(`"${text}"`);
    return typeof value === "string" ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
