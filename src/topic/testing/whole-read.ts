/** A read of everything that a topic shows, from its beginning; tests change what they are about. */
import type { ReadRequest } from "../read.ts";

export const wholeRead: ReadRequest = {
  fromSeq: 0,
  limit: 1000,
  maxBytes: 8 << 20,
  nodes: [],
  includeTags: true,
  includeMeta: true,
  includeData: true,
  match: undefined,
  waitMs: 0,
  signal: undefined,
};
