/**
 * The directory of parts of a segment file, format 1 (spec 6.3, docs/storage-format.md): a row for each part, in order; a
 * part's ordinal is its row's. It makes a file readable without what memory and checkpoints know of it.
 *
 *    0  u32  topic id                     48  u64  index: place
 *    4  u32  epoch                        56  u32  its length
 *    8  u64  first seq                    60  u64  its hash
 *   16  u64  last seq                     68  u32  records
 *   24  u64  first ts                     72  u32  blocks
 *   32  u64  last ts                      76  u8   1 when it has tags, else 0
 *   40  u64  payload bytes                77  u8   bytes of the least tag, cut
 *                                         78  u8   bytes of the greatest tag, cut
 *   79  the two cut tags, UTF-8
 */
import { readU64, writeU64 } from "../base/u64.ts";
import { viewOf } from "./format.ts";
import type { PartEntry } from "./part-entry.ts";
import { wrongEntry } from "./part-entry.ts";

const rowBytes = 79;

function encodePartRow(entry: PartEntry): Uint8Array {
  const least = Buffer.from(entry.tags?.least ?? "");
  const greatest = Buffer.from(entry.tags?.greatest ?? "");
  const bytes = new Uint8Array(rowBytes + least.length + greatest.length);
  const view = viewOf(bytes);
  view.setUint32(0, entry.topicId, true);
  view.setUint32(4, entry.epoch, true);
  writeU64(view, 8, entry.firstSeq);
  writeU64(view, 16, entry.lastSeq);
  writeU64(view, 24, entry.firstTs);
  writeU64(view, 32, entry.lastTs);
  writeU64(view, 40, entry.bytes);
  writeU64(view, 48, entry.index.at);
  view.setUint32(56, entry.index.bytes, true);
  view.setBigUint64(60, entry.index.hash, true);
  view.setUint32(68, entry.records, true);
  view.setUint32(72, entry.blocks, true);
  view.setUint8(76, entry.tags === undefined ? 0 : 1);
  view.setUint8(77, least.length);
  view.setUint8(78, greatest.length);
  bytes.set(least, rowBytes);
  bytes.set(greatest, rowBytes + least.length);
  return bytes;
}

/** The rows of the parts so far: as bytes, because there may be very many. */
export class PartRows {
  #bytes = new Uint8Array(1024);
  #length = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(entry: PartEntry): void {
    const row = encodePartRow(entry);
    if (this.#length + row.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(row, this.#length);
    this.#length += row.length;
    this.#count++;
  }

  /** The whole directory. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

export type DecodedParts =
  | { readonly ok: true; readonly parts: readonly PartEntry[] }
  | { readonly ok: false; readonly reason: string; readonly at: number };

/** `at` of a damaged one counts from the start of the directory. */
export function decodePartRows(bytes: Uint8Array, file: number, count: number): DecodedParts {
  const parts: PartEntry[] = [];
  let at = 0;
  const bad = (reason: string): DecodedParts => ({ ok: false, reason: `part ${parts.length}: ${reason}`, at });
  while (parts.length < count) {
    if (bytes.length - at < rowBytes) return bad("the directory of parts ends before it");
    const view = viewOf(bytes.subarray(at, at + rowBytes));
    const end = at + rowBytes + view.getUint8(77) + view.getUint8(78);
    if (end > bytes.length) return bad("the directory of parts ends within it");
    const entry = decodeRow(bytes.subarray(at, end), view, file, parts.length);
    if (typeof entry === "string") return bad(entry);
    parts.push(entry);
    at = end;
  }
  return at === bytes.length ? { ok: true, parts } : bad("more than the parts in the directory of parts");
}

function decodeRow(bytes: Uint8Array, view: DataView, file: number, ordinal: number): PartEntry | string {
  const [firstSeq, lastSeq, firstTs, lastTs, payload, at] = [8, 16, 24, 32, 40, 48].map(
    (place) => readU64(view, place) ?? -1,
  );
  const leastEnd = rowBytes + view.getUint8(77);
  const least = text(bytes.subarray(rowBytes, leastEnd));
  const greatest = text(bytes.subarray(leastEnd));
  const tagged = view.getUint8(76);
  if (least === undefined || greatest === undefined) return "a tag that is not UTF-8";
  if (tagged > 1 || (tagged === 0 && bytes.length > rowBytes)) return "tags where there are none";
  const entry: PartEntry = {
    file,
    ordinal,
    topicId: view.getUint32(0, true),
    epoch: view.getUint32(4, true),
    ...{ firstSeq, lastSeq, firstTs, lastTs },
    records: view.getUint32(68, true),
    bytes: payload,
    blocks: view.getUint32(72, true),
    index: { at, bytes: view.getUint32(56, true), hash: view.getBigUint64(60, true) },
    tags: tagged === 0 ? undefined : { least, greatest },
  };
  return wrongEntry(entry) ?? entry;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function text(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}
