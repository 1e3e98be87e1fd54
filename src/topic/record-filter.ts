/**
 * A reader's filters as numbers (spec 1.8, steps 4 and 5): the tags it wants, and the nodes it does not. A filter that
 * nothing in the topic can fail is no filter.
 */
import type { Predicate } from "../base/predicate.ts";
import { cell, cellsPerRow, type Chunk } from "./chunk.ts";
import type { Labels } from "./labels.ts";

export class RecordFilter {
  readonly #tags: ReadonlySet<number> | undefined;
  readonly #nodes: ReadonlySet<number>;
  /** The usual case, without a look-up per record: one tag wanted, or one node not. */
  readonly #onlyTag: number;
  readonly #onlyNode: number;

  constructor(tags: readonly number[] | undefined, nodes: readonly number[]) {
    this.#tags = tags === undefined || tags.length === 1 ? undefined : new Set(tags);
    this.#onlyTag = tags?.length === 1 ? tags[0] : 0;
    this.#nodes = new Set(nodes);
    this.#onlyNode = nodes.length === 1 ? nodes[0] : 0;
  }

  /** First slot from `i` on, and at most `end`, that passes. */
  nextPassing(chunk: Chunk, i: number, end: number): number {
    while (i < end && !this.#passes(chunk.rows, i * cellsPerRow)) i++;
    return i;
  }

  nextFailing(chunk: Chunk, i: number, end: number): number {
    while (i < end && this.#passes(chunk.rows, i * cellsPerRow)) i++;
    return i;
  }

  #passes(rows: Uint32Array, row: number): boolean {
    const tag = rows[row + cell.tag];
    if (this.#onlyTag !== 0 ? tag !== this.#onlyTag : this.#tags?.has(tag) === false) return false;
    const node = rows[row + cell.node];
    if (node === 0 || this.#nodes.size === 0) return true;
    return this.#onlyNode !== 0 ? node !== this.#onlyNode : !this.#nodes.has(node);
  }
}

/** The filter of a read; `undefined` when every record passes. */
export function recordFilter(
  labels: Labels,
  match: Predicate | undefined,
  nodes: readonly string[],
): RecordFilter | undefined {
  const own = nodes.map((node) => labels.nodes?.find(node) ?? 0).filter((id) => id !== 0);
  if (match === undefined && own.length === 0) return undefined;
  return new RecordFilter(match === undefined ? undefined : (labels.tags?.matching(match) ?? []), own);
}
