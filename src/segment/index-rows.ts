/** Makes the index of a part, row by row (spec 6.3). */
import { writeU64 } from "../base/u64.ts";
import type { Extent } from "./extent.ts";
import { viewOf } from "./format.ts";
import {
  indexHeadBytes,
  indexMagic,
  indexRowBytes,
  indexTagsBytes,
  partIndexBytes,
  row,
  type TagPlaces,
} from "./index-layout.ts";

/** One row, as the writer makes it. */
export interface IndexRow {
  readonly payload: Extent;
  readonly records: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly firstTs: number;
  readonly lastTs: number;
  readonly bytes: number;
}

/** Rows of the part being written: as bytes, because there may be many. */
export class IndexRows {
  #bytes = new Uint8Array(indexRowBytes);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  clear(): void {
    if (this.#bytes.length > keptBytes) this.#bytes = new Uint8Array(indexRowBytes);
    this.#count = 0;
  }

  add(partFirstSeq: number, block: IndexRow): void {
    const at = this.#count * indexRowBytes;
    if (at === this.#bytes.length) this.#grow();
    const view = viewOf(this.#bytes);
    writeU64(view, at + row.at, block.payload.at);
    view.setUint32(at + row.length, block.payload.bytes, true);
    view.setUint32(at + row.records, block.records, true);
    view.setUint32(at + row.firstSeq, block.firstSeq - partFirstSeq, true);
    view.setUint32(at + row.lastSeq, block.lastSeq - partFirstSeq, true);
    writeU64(view, at + row.firstTs, block.firstTs);
    writeU64(view, at + row.lastTs, block.lastTs);
    writeU64(view, at + row.bytes, block.bytes);
    view.setBigUint64(at + row.hash, block.payload.hash, true);
    this.#count++;
  }

  /** The whole index. */
  encode(places: TagPlaces | undefined): Uint8Array {
    const bytes = new Uint8Array(partIndexBytes(this.#count, places !== undefined));
    const view = viewOf(bytes);
    view.setUint32(0, indexMagic, true);
    view.setUint32(4, this.#count, true);
    view.setUint32(8, places === undefined ? 0 : 1, true);
    if (places !== undefined) {
      setExtent(view, indexHeadBytes, places.tags);
      setExtent(view, indexHeadBytes + indexTagsBytes / 2, places.filter);
    }
    const rows = this.#bytes.subarray(0, this.#count * indexRowBytes);
    bytes.set(rows, bytes.length - rows.length);
    return bytes;
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

const keptBytes = 1 << 16;

function setExtent(view: DataView, at: number, extent: Extent): void {
  writeU64(view, at, extent.at);
  view.setUint32(at + 8, extent.bytes, true);
  view.setBigUint64(at + 12, extent.hash, true);
}
