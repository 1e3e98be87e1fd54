/**
 * Deleting records (spec 1.7): everything below a seq, everything with a tag, or the intersection, and nothing that came
 * after the call. `before_seq` alone cuts whole chunks off the front; a match walks the tags' own lists.
 */
import type { RecordsDelete } from "./entries.ts";
import type { Tail } from "./tail.ts";

/** How many live records it took. Floors are not touched: what was asked for is not announced. */
export function removeRecords(tail: Tail, what: RecordsDelete): number {
  const through = Math.min(what.bound, (what.beforeSeq ?? Infinity) - 1);
  if (what.match === undefined) {
    const span = tail.measureFront({ through, count: 0, bytes: 0 });
    tail.cutFront(span);
    return span.count;
  }
  const tags = tail.labels.tags;
  if (tags === undefined) return 0;
  let removed = 0;
  for (const id of tags.matching(what.match)) {
    const seqs = tags.seqs(id).filter((seq) => seq <= through && tail.isLive(seq));
    tail.remove(seqs);
    removed += seqs.length;
  }
  return removed;
}
