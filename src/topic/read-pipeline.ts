/** One read at one moment (spec 1.5, 1.8, 2.7): where it begins, what it finds, and how far the cursor comes. */
import { Answer } from "./answer.ts";
import type { BlockPool } from "./block-pool.ts";
import type { Contents } from "./contents.ts";
import type { ReadRequest, ReadResult, Tombstone } from "./read.ts";
import { recordFilter } from "./record-filter.ts";
import { recordShape } from "./record-shape.ts";
import { Selection } from "./selection.ts";
import { beginning } from "./tombstone.ts";

export function readContents(contents: Contents, request: ReadRequest, nowMs: number, pool: BlockPool): ReadResult {
  const { tail, headSeq, config } = contents;
  const view = contents.view(nowMs);
  const begin = beginning(request.fromSeq, headSeq, view, contents.holes, contents.watermarks.silent);
  const shape = recordShape(tail.labels, request);

  const bounds = {
    from: Math.max(begin.cursor + 1, view.earliestSeq),
    until: begin.until,
    limit: request.limit,
    maxBytes: request.maxBytes,
  };
  const filter = recordFilter(tail.labels, request.match, config.dedupeNode ? request.nodes : [], bounds.from);
  const selection = new Selection(tail, bounds, filter, shape);
  return new Page(selection, new Answer(selection, shape, pool), begin.tombstone, headSeq, view.earliestSeq);
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
    return this.nextFromSeq === this.headSeq;
  }

  release(): void {
    this.#answer.release();
  }
}
