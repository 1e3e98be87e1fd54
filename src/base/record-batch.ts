/**
 * The records of one append as slices of the request's own bytes. Payloads are never parsed (spec 1.1): whoever makes a
 * batch has validated every byte of it, whoever takes it copies ranges.
 */

/** Entries per record in `RecordBatch.slots`. */
export const slotsPerRecord = 9;

/**
 * Places in a record's slots. A pair is [start, end) in `bytes`; a start of 0 means absent (a value never begins there).
 * `data` and `meta` span the JSON value, first to last character. `tag` and `node` span the string between its quotes.
 */
export const slot = {
  dataStart: 0,
  dataEnd: 1,
  metaStart: 2,
  metaEnd: 3,
  tagStart: 4,
  tagEnd: 5,
  nodeStart: 6,
  nodeEnd: 7,
  flags: 8,
} as const;

/** Bits of `slot.flags`. */
export const slotFlag = {
  /** The string between the quotes holds backslash escapes: decode before comparing. */
  tagEscaped: 1,
  nodeEscaped: 2,
  /** The value holds CR or LF outside strings: it must be stored without insignificant white space. */
  dataSpaced: 4,
  metaSpaced: 8,
} as const;

export interface RecordBatch {
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly slots: Uint32Array;
  /** Origin of the records that name none of their own; already decoded. */
  readonly node: string | undefined;
  /** By record, where some job is not to be claimed at once (spec 5). */
  readonly delays?: readonly RecordDelay[] | undefined;
}

/** Not before a time, or not for a while; neither: at once. */
export interface RecordDelay {
  /** Milliseconds since the epoch. */
  readonly atMs?: number;
  readonly byMs?: number;
}
