/**
 * The request target (spec 9.3): one split into path and query, one canonical decode of a topic's segment, then the name
 * rule. Whoever decides about a name and whoever acts on it see the same decoded string.
 */
import { TopicsError, invalidField } from "../base/errors.ts";
import { isRouterName, isTopicName } from "../base/names.ts";
import { printable } from "./errors.ts";

export interface Target {
  /** As sent, still percent-encoded: routes are matched on this, case-sensitive and strict. */
  readonly path: string;
  /** Behind the `?`, still encoded; empty when there is none. */
  readonly query: string;
}

/** Origin-form (`/v0/…`) and absolute-form (`http://host/v0/…`); anything else is a path that no route has. */
export function parseTarget(url: string): Target {
  const origin = url.startsWith("/") ? url : behindAuthority(url);
  if (origin.includes("#")) {
    throw new TopicsError("invalid_request", "A request target holds no fragment: write # as %23.");
  }
  const mark = origin.indexOf("?");
  if (mark < 0) return { path: origin, query: "" };
  return { path: origin.slice(0, mark), query: origin.slice(mark + 1) };
}

function behindAuthority(url: string): string {
  const scheme = /^https?:\/\//i.exec(url);
  if (scheme === null) return url;
  for (let at = scheme[0].length; at < url.length; at++) {
    const character = url[at];
    if (character === "/") return url.slice(at);
    if (character === "?" || character === "#") return `/${url.slice(at)}`;
  }
  return "/";
}

/** What `:topic` and `:router` in a route stand for; anything else in a path is its handler's affair. */
export type Named = "topic" | "router";

const nameRules: Readonly<Record<Named, (name: string) => boolean>> = { topic: isTopicName, router: isRouterName };
const letters: Readonly<Record<Named, string>> = {
  topic: "dots, underscores, colons or hyphens",
  router: "dots, underscores, colons, hyphens or >",
};

/** The topic or router named by a path segment. */
export function nameFromSegment(kind: Named, segment: string): string {
  const name = segment.includes("%") ? decodeSegment(kind, segment) : segment;
  if (nameRules[kind](name)) return name;
  throw invalidField(
    kind,
    `"${printable(name)}" cannot name a ${kind}: a name has 1 to 255 letters, digits, ${letters[kind]}, and begins with a letter or a digit.`,
  );
}

function decodeSegment(kind: Named, segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw invalidField(kind, `"${printable(segment)}" holds a % that is not followed by the hex digits of UTF-8.`);
  }
}
