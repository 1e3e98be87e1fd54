/** What retention and prefix deletes take from the front of a topic (spec 1.6, 1.7): how much is asked for, how much that is. */

/** Live records at the front are taken while any of these asks for one more. */
export interface FrontLimit {
  readonly through: number;
  readonly count: number;
  readonly bytes: number;
}

/** A number of live records at the front. */
export interface FrontSpan {
  readonly count: number;
  readonly bytes: number;
  /** Seq of the last; 0 when there is none. */
  readonly last: number;
  /** How much of it lies in the chunk, or the part, of the last one. */
  readonly countInLast: number;
  readonly bytesInLast: number;
}

export const noSpan: FrontSpan = { count: 0, bytes: 0, last: 0, countInLast: 0, bytesInLast: 0 };
