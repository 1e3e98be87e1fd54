/**
 * Recognises the few requests that make up nearly all load, by their path alone, so that they need not be tried against
 * every route (design: the router costs more than the whole rest of the request). What is not recognised with certainty,
 * anything with a `%` or an unusual name among it, goes to the router; the handler is the same.
 */
import { isTopicName } from "../base/names.ts";

/** `R`: whatever stands for a route. */
export interface HotRoutes<R> {
  readonly append: R;
  /** By the last segment of the path. */
  readonly verbs: { readonly diff: R; readonly claim: R; readonly ack: R };
}

export interface HotHit<R> {
  readonly route: R;
  readonly topic: string;
  readonly query: string;
}

const prefix = "/v0/topics/";

export function recognise<R>(method: string | undefined, url: string, routes: HotRoutes<R>): HotHit<R> | undefined {
  if (method !== "POST" || !url.startsWith(prefix)) return undefined;
  if (url.includes("%") || url.includes("#")) return undefined;
  const mark = url.indexOf("?");
  const end = mark < 0 ? url.length : mark;
  const query = mark < 0 ? "" : url.slice(mark + 1);
  const slash = url.indexOf("/", prefix.length);
  if (slash < 0 || slash >= end) return named(routes.append, url.slice(prefix.length, end), query);
  const verb = url.slice(slash + 1, end);
  if (verb !== "diff" && verb !== "claim" && verb !== "ack") return undefined;
  return named(routes.verbs[verb], url.slice(prefix.length, slash), query);
}

function named<R>(route: R, topic: string, query: string): HotHit<R> | undefined {
  return isTopicName(topic) ? { route, topic, query } : undefined;
}
