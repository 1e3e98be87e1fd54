/** Links as JSON: in `routerConfig` frames, and in a topic's section of a checkpoint. Reading believes nothing. */
import { isCount, isObject } from "../base/decoded-json.ts";
import type { Predicate } from "../base/predicate.ts";
import { isRouterName, isTopicName } from "../base/names.ts";
import type { LinkChange, LinkRouter, LinkSource, LinkState } from "./link.ts";

type Json = Readonly<Record<string, unknown>>;

export function changeToJson(change: LinkChange): unknown {
  if ("remove" in change) return change;
  return { put: routerToJson(change.put), source: change.source, cursor: change.cursor };
}

export function changeFromJson(json: Json): LinkChange | undefined {
  const { cursor, remove } = json;
  if (!isCount(cursor)) return undefined;
  if (remove !== undefined) return typeof remove === "string" && isRouterName(remove) ? { remove, cursor } : undefined;
  const put = routerFromJson(json["put"]);
  const source = sourceFromJson(json["source"]);
  return put && source && { put, source, cursor };
}

export function linkToJson({ source, cursor, routers }: LinkState): unknown {
  return { source, cursor, routers: routers.map(routerToJson) };
}

export function linkFromJson(json: unknown): LinkState | undefined {
  if (!isObject(json) || !isCount(json["cursor"]) || !Array.isArray(json["routers"])) return undefined;
  const source = sourceFromJson(json["source"]);
  const routers = (json["routers"] as unknown[]).map(routerFromJson);
  if (source === undefined || routers.length === 0) return undefined;
  if (!routers.every((router) => router !== undefined)) return undefined;
  return { source, cursor: json["cursor"], routers };
}

function routerToJson(router: LinkRouter): unknown {
  return router;
}

function routerFromJson(json: unknown): LinkRouter | undefined {
  if (!isObject(json)) return undefined;
  const { name, made, from, preserveNode, preserveTag, allowCycle, exactlyOnce, forwarded } = json;
  const filter = json["filter"] === undefined ? undefined : predicateFromJson(json["filter"]);
  if (json["filter"] !== undefined && filter === undefined) return undefined;
  if (typeof name !== "string" || !isRouterName(name)) return undefined;
  if (!isCount(made) || !isCount(from) || !isCount(forwarded)) return undefined;
  if (typeof preserveNode !== "boolean" || typeof preserveTag !== "boolean") return undefined;
  if (typeof allowCycle !== "boolean" || typeof exactlyOnce !== "boolean") return undefined;
  return { name, made, from, preserveNode, preserveTag, filter, allowCycle, exactlyOnce, forwarded };
}

function sourceFromJson(json: unknown): LinkSource | undefined {
  if (!isObject(json)) return undefined;
  const { id, epoch, name } = json;
  if (!isCount(id) || id === 0 || !isCount(epoch)) return undefined;
  return typeof name === "string" && isTopicName(name) ? { id, epoch, name } : undefined;
}

export function predicateFromJson(json: unknown): Predicate | undefined {
  if (!isObject(json)) return undefined;
  const { op, value, prefix } = json;
  if (op === "Eq" && typeof value === "string") return { op, value };
  return op === "Glob" && typeof prefix === "string" ? { op, prefix } : undefined;
}
