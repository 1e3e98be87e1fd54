/** What a watch session is to follow, and how (spec 4.1); a WebSocket's `subscribe` shares most of it (4.4). */
import type { Static } from "typebox";
import {
  Array as array,
  Boolean as boolean,
  Object as object,
  Optional,
  String as string,
  Union,
  Literal,
  Unknown,
} from "typebox";
import { type ControlObject, isControlObject } from "../../base/control-json.ts";
import { TopicsError, invalidField } from "../../base/errors.ts";
import {
  defaultBatchBytes,
  defaultFrameBytes,
  defaultFrameRecords,
  defaultHeartbeatMs,
  maxBatchBytes,
  maxHeartbeatMs,
  minHeartbeatMs,
} from "../../base/limits.ts";
import { isTopicName } from "../../base/names.ts";
import type { Wanted } from "../../watch/places.ts";
import type { ReadOptions } from "../../watch/read-options.ts";
import type { SessionRequest } from "../../watch/watch.ts";
import type { Grant } from "../auth/grant.ts";
import type { HttpConfig } from "../config.ts";
import { printable } from "../errors.ts";
import { clamped, flag, nullable, saturated, u64 } from "./fields.ts";
import { checkNodes, nodeField, nodesFrom } from "./nodes.ts";
import { predicateFrom, predicateSchema, predicateText } from "./predicate.ts";
import { Shape } from "./shape.ts";

/** Fields that a session and a socket's subscription have in common. */
export const subscriptionFields = {
  topics: Optional(Unknown({ description: "an object of topic names" })),
  node: nodeField(),
  limit: u64(),
  max_batch_bytes: u64(),
  include_meta: flag(),
  include_tags: flag(),
  include_data: flag(),
};

const watchSchema = object(
  {
    ...subscriptionFields,
    heartbeat_ms: u64(),
    consistency: Optional(Union([Literal("eventual"), Literal("strong")], { description: '"eventual" or "strong"' })),
    prefixes: Optional(array(string(), { description: "an array of strings" })),
    match: nullable(predicateSchema(), predicateText),
  },
  { description: "an object" },
);

export const watchShape = new Shape(watchSchema);

/** Where a topic begins for a reader. */
export const placeShape = new Shape(
  object({ from_seq: u64(), tail: Optional(boolean({ description: "true or false" })) }, { description: "an object" }),
);

/** Prefixes of one session. */
const maxPrefixes = 256;

type SubscriptionWire = Static<typeof watchSchema>;

export function sessionFromBody(
  value: ControlObject,
  lenient: boolean,
  grant: Grant,
  config: Pick<HttpConfig, "limits" | "maxLimit" | "maxWatchTopics">,
): SessionRequest {
  const wire = watchShape.parse(value);
  const topics = wantedFrom(wire.topics, config.maxWatchTopics);
  const prefixes = wire.prefixes ?? [];
  if (prefixes.length > maxPrefixes)
    throw invalidField("prefixes", `prefixes holds at most ${maxPrefixes} of them, not ${prefixes.length}.`);
  if (topics.length === 0 && prefixes.length === 0)
    throw invalidField("topics", "topics must name at least one topic, or prefixes the beginning of some.");
  for (const { name } of topics) grant.demandName("topic", name, "topics");
  for (const prefix of prefixes) {
    if (prefix !== "" && !isTopicName(prefix))
      throw invalidField("prefixes", `No topic's name can begin with "${printable(prefix)}".`);
    grant.demandName("prefix", prefix, "prefixes");
  }
  const options = optionsFrom(wire, config, {
    limit: defaultFrameRecords,
    maxBytes: defaultFrameBytes,
    match: wire.match,
    strong: wire.consistency === "strong",
  });
  const heartbeatMs = clamped(wire.heartbeat_ms ?? defaultHeartbeatMs, minHeartbeatMs, maxHeartbeatMs);
  return { topics, prefixes: [...new Set(prefixes)], options, heartbeatMs, lenient, owner: grant.key };
}

interface Defaults {
  readonly limit: number;
  readonly maxBytes: number;
  readonly match?: SubscriptionWire["match"];
  readonly strong: boolean;
}

export function optionsFrom(
  wire: Pick<SubscriptionWire, "node" | "limit" | "max_batch_bytes" | "include_meta" | "include_tags" | "include_data">,
  { limits, maxLimit }: Pick<HttpConfig, "limits" | "maxLimit">,
  defaults: Defaults,
): ReadOptions {
  const nodes = nodesFrom(wire.node);
  checkNodes(nodes, limits.maxNodeBytes);
  const limit = saturated(wire.limit ?? 0);
  const { match } = defaults;
  return {
    nodes,
    limit: Math.min(limit === 0 ? defaults.limit : limit, maxLimit),
    maxBytes: frameBytes(wire.max_batch_bytes, defaults.maxBytes),
    includeTags: wire.include_tags ?? false,
    includeMeta: wire.include_meta ?? true,
    includeData: wire.include_data ?? true,
    match: match === undefined || match === null ? undefined : predicateFrom(match),
    strong: defaults.strong,
  };
}

function frameBytes(given: SubscriptionWire["max_batch_bytes"], otherwise: number): number {
  if (given === undefined) return otherwise;
  const bytes = saturated(given);
  return bytes === 0 ? defaultBatchBytes : clamped(bytes, 1, maxBatchBytes);
}

/** A map of names, each with a place to begin at. More than may be are counted before anything else. */
export function wantedFrom(topics: unknown, maxTopics: number): Wanted[] {
  if (topics === undefined) return [];
  if (!isControlObject(topics as ControlObject))
    throw invalidField("topics", "topics must be an object of topic names.");
  const entries = Object.entries(topics as ControlObject);
  if (entries.length > maxTopics)
    throw new TopicsError("invalid_request", `One request names at most ${maxTopics} topics, not ${entries.length}.`, {
      field: "topics",
      max: maxTopics,
    });
  return entries.map(([name, place]) => wantedOf(name, place));
}

export function wantedOf(name: string, place: unknown): Wanted {
  checkTopicName(name, "topics");
  const { from_seq: fromSeq = 0, tail = false } = placeShape.parse(place, `topics.${name}`);
  return { name, fromSeq: saturated(fromSeq), tail };
}

export function checkTopicName(name: string, field: string): void {
  if (!isTopicName(name)) throw invalidField(field, `"${printable(name)}" cannot name a topic.`);
}
