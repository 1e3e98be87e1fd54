/** The records of a payload, as a frame or a block holds them, for a dump. */
import type { RecordsEntry } from "../../topic/records-format.ts";
import { readRecords } from "../../topic/records-reader.ts";
import { type Field, type Output, timeText } from "./line.ts";

const mostTags = 8;

/** What a line about the payload says; a string: why it cannot be read. */
export function recordsSummary(entry: RecordsEntry): Readonly<Record<string, Field>> {
  const { count, ts, key, tags, nodes, wireBytes } = entry;
  return {
    records: count,
    ts: timeText(ts),
    wireBytes,
    ...(key === undefined ? {} : { key }),
    ...(tags.length === 0 ? {} : { tags: shortened(tags) }),
    ...(nodes.length === 0 ? {} : { nodes: shortened(nodes) }),
    ...(entry.retained ? { retained: true } : {}),
  };
}

/** One line each, with the bytes as they are kept and sent. */
export function recordLines(output: Output, firstSeq: number, entry: RecordsEntry): void {
  for (let i = 0; i < entry.count; i++) {
    const start = entry.wireAt + entry.start(i);
    const record = entry.bytes.toString("utf8", start, entry.wireAt + entry.start(i + 1) - 1);
    const tag = entry.tag(i);
    output.line({
      type: "record",
      seq: firstSeq + entry.seqDelta(i),
      ...(tag === 0 ? {} : { tag: entry.tags[tag - 1] }),
      record,
    });
  }
}

/** A block's payload; why it cannot be read, if so. */
export function blockRecords(output: Output, firstSeq: number, payload: Uint8Array): string | undefined {
  const outcome = readRecords(payload);
  if (!outcome.ok) return outcome.reason;
  recordLines(output, firstSeq, outcome.entry);
  return undefined;
}

function shortened(names: readonly string[]): Field {
  return names.length <= mostTags ? names : [...names.slice(0, mostTags), `and ${names.length - mostTags} more`];
}
