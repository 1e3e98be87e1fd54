/**
 * The payload of a `records` frame (spec 6.2): one batch, as typed columns and the wire bytes as they are kept and sent.
 * Nothing in it has to be parsed at replay. Little-endian words of 31 bits, each stored with its top bit set, so that no
 * four bytes of a column are zero; strings as the inside of a JSON string, which has no zero byte either.
 *
 *    0  flags                             20  bytes of the key
 *    4  records n                         24  bytes of all strings
 *    8  bytes of the records              28  $ts, upper part
 *   12  tags in the table, t              32  $ts, lower 31 bits
 *   16  nodes in the table, d
 *   36  when copied: source seq, upper part · its lower 31 bits · routers r · r × copies
 *       n × start of the record in the wire bytes
 *       n × bytes of data · n × bytes of meta (0: none)
 *       n × tag, 1 … t (0: none), when t > 0 · n × node, the same
 *       n × seq − first seq, when retained · n × $ts − the batch's, when retained or copied · n × hops, when there are any
 *       n × due, upper part · n × due, lower 31 bits (0: at once), when due
 *       t + d × bytes of the string · the strings · the key · the records, comma-separated
 *
 * Flags: 1 key; 2 retained: what an `ephemeral` topic kept when it became durable, records in between had been deleted;
 * 4 copied: by a link (3.2), from its source up to that seq; 8 hops: some record came through a cycle of routers;
 * 16 moved: the key is that of a record from another topic (moves.ts); 32 due: times before which nobody claims a job.
 */
import type { LinkAnchor } from "./link.ts";

/** Or-ed into every word as it is stored. */
export const bias = 0x8000_0000;
export const mask = 0x7fff_ffff;
export const two31 = 0x8000_0000;
export const fixedBytes = 36;
export const flagKey = 1;
export const flagRetained = 2;
export const flagCopied = 4;
export const flagHops = 8;
export const flagMoved = 16;
export const flagDue = 32;
export const knownFlags = flagKey | flagRetained | flagCopied | flagHops | flagMoved | flagDue;
/** A record that came through so many links of a cycle goes no further (3.2). */
export const mostHops = 8;
/** Bytes of an anchor without its counts. */
export const anchorBytes = 12;

/** A batch as it lies in a payload; columns are read in place. Only made over bytes that were checked or written here. */
export class RecordsEntry {
  readonly bytes: Buffer;
  readonly count: number;
  readonly ts: number;
  readonly key: string | undefined;
  /** The key is that of a record moved here from another topic. */
  readonly isMoved: boolean;
  readonly tags: readonly string[];
  readonly nodes: readonly string[];
  readonly retained: boolean;
  /** Of copies: as far as their source is forwarded with them. */
  readonly anchor: LinkAnchor | undefined;
  readonly hasHops: boolean;
  /** Some record is not to be claimed at once. */
  readonly hasDue: boolean;
  readonly wireAt: number;
  readonly wireBytes: number;
  readonly #view: DataView;
  readonly #columnsAt: number;
  readonly #tagsAt: number;
  readonly #nodesAt: number;
  readonly #seqsAt: number;
  readonly #timesAt: number;
  readonly #hopsAt: number;
  readonly #dueAt: number;

  constructor(bytes: Buffer, shape: RecordsShape, strings: RecordsStrings) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.count = shape.count;
    this.ts = shape.ts;
    this.retained = shape.retained;
    this.wireBytes = shape.wireBytes;
    this.wireAt = bytes.length - shape.wireBytes;
    this.tags = strings.tags;
    this.nodes = strings.nodes;
    this.key = strings.key;
    this.anchor = shape.anchor;
    this.hasHops = shape.hops;
    this.isMoved = shape.isMoved;
    this.hasDue = shape.hasDue;
    const column = 4 * shape.count;
    this.#columnsAt = fixedBytes + anchorLength(shape.anchor?.counts.length);
    this.#tagsAt = this.#columnsAt + 3 * column;
    this.#nodesAt = this.#tagsAt + (shape.tagCount > 0 ? column : 0);
    this.#seqsAt = this.#nodesAt + (shape.nodeCount > 0 ? column : 0);
    this.#timesAt = this.#seqsAt + (shape.retained ? column : 0);
    this.#hopsAt = this.#timesAt + (this.hasTimes ? column : 0);
    this.#dueAt = this.#hopsAt + (shape.hops ? column : 0);
  }

  /** Each record has a time of its own. */
  get hasTimes(): boolean {
    return this.retained || this.anchor !== undefined;
  }

  /** `$ts` of the last record. */
  get lastTs(): number {
    return this.ts + this.tsDelta(this.count - 1);
  }

  /** Offset in the wire bytes, which begin at `wireAt`; `count` stands for the end of the last record, and its comma. */
  start(i: number): number {
    return i === this.count ? this.wireBytes + 1 : this.#word(this.#columnsAt + 4 * i);
  }

  dataBytes(i: number): number {
    return this.#word(this.#columnsAt + 4 * (this.count + i));
  }

  metaBytes(i: number): number {
    return this.#word(this.#columnsAt + 4 * (2 * this.count + i));
  }

  /** 0, or 1 + the place in `tags`. */
  tag(i: number): number {
    return this.tags.length === 0 ? 0 : this.#word(this.#tagsAt + 4 * i);
  }

  node(i: number): number {
    return this.nodes.length === 0 ? 0 : this.#word(this.#nodesAt + 4 * i);
  }

  seqDelta(i: number): number {
    return this.retained ? this.#word(this.#seqsAt + 4 * i) : i;
  }

  tsDelta(i: number): number {
    return this.hasTimes ? this.#word(this.#timesAt + 4 * i) : 0;
  }

  /** Links of a cycle that the record came through. */
  hops(i: number): number {
    return this.hasHops ? this.#word(this.#hopsAt + 4 * i) : 0;
  }

  /** Engine clock; 0: at once. */
  dueMs(i: number): number {
    if (!this.hasDue) return 0;
    return this.#word(this.#dueAt + 4 * i) * two31 + this.#word(this.#dueAt + 4 * (this.count + i));
  }

  #word(at: number): number {
    return this.#view.getUint32(at, true) & mask;
  }
}

/** Bytes of the anchor of so many routers; `undefined`: there is none. */
export function anchorLength(routers: number | undefined): number {
  return routers === undefined ? 0 : anchorBytes + 4 * routers;
}

export interface RecordsShape {
  readonly count: number;
  readonly ts: number;
  readonly retained: boolean;
  readonly anchor: LinkAnchor | undefined;
  readonly hops: boolean;
  readonly isMoved: boolean;
  readonly hasDue: boolean;
  readonly wireBytes: number;
  readonly tagCount: number;
  readonly nodeCount: number;
}

export interface RecordsStrings {
  readonly tags: readonly string[];
  readonly nodes: readonly string[];
  readonly key: string | undefined;
}
