/**
 * One read at one moment (spec 1.5, 1.8, 2.7): where it begins, what it finds, and how far the cursor comes. Sealed blocks
 * that are not at hand end the attempt; what is missing is read, and the read begins anew with all of it at hand: whatever
 * happened to the topic meanwhile, an answer is of one moment.
 */
import { Answer } from "./answer.ts";
import type { BlockPool } from "./block-pool.ts";
import type { Contents } from "./contents.ts";
import type { ReadRequest, ReadResult, Tombstone } from "./read.ts";
import { RecordFilters } from "./record-filter.ts";
import { recordShape } from "./record-shape.ts";
import { selectSealed, type SealedBlocks } from "./sealed-blocks.ts";
import { Selection } from "./selection.ts";
import { beginning } from "./tombstone.ts";

/** `undefined` when something has to be read first; `blocks` knows what. */
export function readContents(
  contents: Contents,
  request: ReadRequest,
  nowMs: number,
  pool: BlockPool,
  blocks: SealedBlocks,
): ReadResult | undefined {
  const { retained, config } = contents;
  const view = contents.view(nowMs);
  const begin = beginning(request.fromSeq, contents.headSeq, view, contents.holes, contents.watermarks.silent);
  const headSeq = Math.min(contents.headSeq, request.through ?? Infinity);
  const shape = recordShape(request, request.includeTags && retained.hasTags);

  const bounds = {
    from: Math.max(begin.cursor + 1, view.earliestSeq),
    until: Math.max(begin.cursor, Math.min(begin.until, headSeq)),
    limit: request.limit,
    maxBytes: request.maxBytes,
  };
  const filters = new RecordFilters(request.match, config.dedupeNode ? request.nodes : [], bounds.from);
  const selection = new Selection(bounds, filters, shape);
  const sealed = selectSealed(retained.sealed, bounds, request.match, selection, blocks);
  if (sealed === "missing") return undefined;
  if (sealed === "more") {
    const { chunks } = retained.tail;
    for (let at = retained.tail.locate(bounds.from); at < chunks.length; at++)
      if (chunks[at].firstSeq > bounds.until || !selection.take(chunks[at])) break;
  }
  const answer = new Answer(selection, shape, pool);
  return new Page(selection, answer, begin.tombstone, headSeq, view.earliestSeq);
}

class Page implements ReadResult {
  readonly count: number;
  readonly nextFromSeq: number;
  readonly headSeq: number;
  readonly earliestSeq: number;
  readonly tombstone: Tombstone | undefined;
  readonly recordsScanned: number;
  readonly #answer: Answer;

  constructor(
    selection: Selection,
    answer: Answer,
    tombstone: Tombstone | undefined,
    headSeq: number,
    earliestSeq: number,
  ) {
    this.count = selection.count;
    this.nextFromSeq = selection.reached;
    this.recordsScanned = selection.scanned;
    this.headSeq = headSeq;
    this.earliestSeq = earliestSeq;
    this.tombstone = tombstone;
    this.#answer = answer;
  }

  get slices(): readonly Uint8Array[] {
    return this.#answer.slices;
  }

  get caughtUp(): boolean {
    return this.nextFromSeq >= this.headSeq;
  }

  release(): void {
    this.#answer.release();
  }
}
