/** How a subscriber wants its topic read (spec 4.1, 4.4). Subscribers that want the same are a class: one read serves all. */
import type { Predicate } from "../base/predicate.ts";
import type { ReadRequest } from "../topic/read.ts";

export interface ReadOptions {
  readonly nodes: readonly string[];
  readonly limit: number;
  readonly maxBytes: number;
  readonly includeTags: boolean;
  readonly includeMeta: boolean;
  readonly includeData: boolean;
  readonly match: Predicate | undefined;
  /** Only what is synced is shown. */
  readonly strong: boolean;
}

export function classOf(options: ReadOptions, format: string): string {
  return JSON.stringify([
    format,
    [...options.nodes].sort(),
    options.limit,
    options.maxBytes,
    options.includeTags,
    options.includeMeta,
    options.includeData,
    options.match ?? null,
    options.strong,
  ]);
}

export function requestFrom(options: ReadOptions, fromSeq: number, through: number | undefined): ReadRequest {
  const { nodes, limit, maxBytes, includeTags, includeMeta, includeData, match } = options;
  const what = { fromSeq, through, limit, maxBytes, nodes, includeTags, includeMeta, includeData, match };
  return { ...what, waitMs: 0, signal: undefined };
}
