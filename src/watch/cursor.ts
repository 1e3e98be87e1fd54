/** How far a stream has come in each of its topics. The seq is the cursor; which instance it counts in is kept beside it. */
import { assert } from "../base/assert.ts";

export interface Cursor {
  seq: number;
  /** The instance that the seq belongs to; 0 while there is none. */
  topicId: number;
  /** The head when the topic was last looked at. */
  headSeq: number;
}

export type Cursors = Map<string, Cursor>;

export function copyOf(cursors: Cursors): Cursors {
  const copy: Cursors = new Map();
  for (const [name, cursor] of cursors) copy.set(name, { ...cursor });
  return copy;
}

/** Never forward, and only topics that there are. */
export function rewind(cursors: Cursors, to: Iterable<readonly [string, number]>): void {
  for (const [name, seq] of to) {
    assert(seq >= 0, "a cursor is no negative number");
    const cursor = cursors.get(name);
    if (cursor !== undefined && seq < cursor.seq) cursor.seq = seq;
  }
}

export function* seqsOf(cursors: Cursors): Generator<readonly [string, number]> {
  for (const [name, { seq }] of cursors) yield [name, seq];
}
