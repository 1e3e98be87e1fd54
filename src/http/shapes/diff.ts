/** What a read asks for, from a body or from a query string (spec 2.7): the same fields, the same defaults and bounds. */
import { Object as object } from "typebox";
import { TopicsError, invalidField } from "../../base/errors.ts";
import type { ControlObject, ControlValue } from "../../base/control-json.ts";
import { parseControl } from "../../base/control-json.ts";
import type { BatchLimits } from "../../base/limits.ts";
import { defaultBatchBytes, defaultDiffLimit, maxBatchBytes, maxWaitMs } from "../../base/limits.ts";
import type { Predicate } from "../../base/predicate.ts";
import type { ReadRequest } from "../../topic/read.ts";
import type { Call } from "../call.ts";
import { Query } from "../query.ts";
import { clamped, flag, nullable, saturated, u64 } from "./fields.ts";
import { checkNodes, nodeField, nodesFrom } from "./nodes.ts";
import { predicateFrom, predicateShape, predicateSchema, predicateText } from "./predicate.ts";
import { Shape } from "./shape.ts";

export const diffShape = new Shape(
  object(
    {
      from_seq: u64(),
      limit: u64(),
      node: nodeField(),
      include_tags: flag(),
      include_meta: flag(),
      include_data: flag(),
      wait_ms: u64(),
      max_batch_bytes: u64(),
      match: nullable(predicateSchema(), predicateText),
    },
    { description: "an object" },
  ),
);

interface Wish {
  readonly fromSeq: number;
  readonly limit: number;
  readonly nodes: readonly string[];
  readonly includeTags: boolean;
  readonly includeMeta: boolean;
  readonly includeData: boolean;
  readonly waitMs: number;
  readonly maxBytes: number;
  readonly match: Predicate | undefined;
}

export interface DiffBounds {
  readonly limits: BatchLimits;
  readonly maxLimit: number;
}

export function diffFromBody(value: ControlObject, call: Call, bounds: DiffBounds): ReadRequest {
  const wire = diffShape.parse(value);
  const wish: Wish = {
    fromSeq: saturated(wire.from_seq ?? 0),
    limit: saturated(wire.limit ?? 0),
    nodes: nodesFrom(wire.node),
    includeTags: wire.include_tags ?? false,
    includeMeta: wire.include_meta ?? true,
    includeData: wire.include_data ?? true,
    waitMs: saturated(wire.wait_ms ?? 0),
    maxBytes: saturated(wire.max_batch_bytes ?? 0),
    match: wire.match === undefined || wire.match === null ? undefined : predicateFrom(wire.match),
  };
  return readRequest(wish, call, bounds);
}

const parameters = [
  "from_seq",
  "limit",
  "node",
  "include_tags",
  "include_meta",
  "include_data",
  "wait_ms",
  "max_batch_bytes",
  "match",
] as const;

export function diffFromQuery(call: Call, bounds: DiffBounds): ReadRequest {
  const query = new Query(call.query, parameters);
  const wish: Wish = {
    fromSeq: query.integer("from_seq", 0),
    limit: query.integer("limit", 0),
    nodes: query.list("node"),
    includeTags: query.flag("include_tags", false),
    includeMeta: query.flag("include_meta", true),
    includeData: query.flag("include_data", true),
    waitMs: query.integer("wait_ms", 0),
    maxBytes: query.integer("max_batch_bytes", 0),
    match: predicateFromText(query.text("match"), bounds.limits.maxDepth),
  };
  return readRequest(wish, call, bounds);
}

/** A bare string as in a body; what begins with a bracket is the tuple, as JSON. */
function predicateFromText(text: string | undefined, maxDepth: number): Predicate | undefined {
  if (text === undefined) return undefined;
  if (!text.startsWith("[")) return predicateFrom(text);
  return predicateFrom(predicateShape.parse(tupleFromText(text, maxDepth), "match"));
}

function tupleFromText(text: string, maxDepth: number): ControlValue {
  try {
    return parseControl(Buffer.from(text, "utf8"), { maxDepth, path: "match" });
  } catch (error) {
    if (error instanceof TopicsError)
      throw invalidField("match", `match is neither a string nor JSON: ${error.message}`);
    throw error;
  }
}

function readRequest(wish: Wish, call: Call, bounds: DiffBounds): ReadRequest {
  checkNodes(wish.nodes, bounds.limits.maxNodeBytes);
  const waitMs = Math.min(wish.waitMs, maxWaitMs);
  return {
    fromSeq: wish.fromSeq,
    limit: Math.min(wish.limit === 0 ? defaultDiffLimit : wish.limit, bounds.maxLimit),
    maxBytes: wish.maxBytes === 0 ? defaultBatchBytes : clamped(wish.maxBytes, 1, maxBatchBytes),
    nodes: wish.nodes,
    includeTags: wish.includeTags,
    includeMeta: wish.includeMeta,
    includeData: wish.includeData,
    match: wish.match,
    waitMs,
    signal: waitMs > 0 ? call.interrupted() : undefined,
  };
}
