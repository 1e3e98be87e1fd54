/** Routers as callers see them (spec 3.1): plain values. */
import type { Predicate } from "../base/predicate.ts";
import type { PauseCause } from "./link.ts";

export interface RouterSettings {
  readonly preserveNode: boolean;
  readonly preserveTag: boolean;
  readonly filter: Predicate | undefined;
  readonly allowCycle: boolean;
  readonly exactlyOnce: boolean;
}

export interface RouterRequest extends RouterSettings {
  readonly source: string;
  readonly dest: string;
  /** Whether a destination that is not there is made. */
  readonly createDest: boolean;
}

export interface RouterState extends RouterSettings {
  readonly router: string;
  readonly source: string;
  readonly dest: string;
  readonly forwardedTotal: number;
  /** Records of the source that are still to be forwarded. */
  readonly lag: number;
  readonly pausedBy: PauseCause | undefined;
  readonly lastError: string | undefined;
}

export interface PutRouterResult {
  readonly created: boolean;
  readonly state: RouterState;
}

export interface RouterPage {
  readonly routers: readonly RouterState[];
  /** The last name of this page when there is more behind it. */
  readonly next: string | undefined;
}

/** Which routers a list is about. */
export interface RouterQuery {
  readonly prefix: string;
  readonly source: string | undefined;
  readonly dest: string | undefined;
  /** Whether the caller may know of it. */
  readonly covered?: (state: RouterState) => boolean;
}

export function sameSettings(a: RouterSettings, b: RouterSettings): boolean {
  return (
    a.preserveNode === b.preserveNode &&
    a.preserveTag === b.preserveTag &&
    a.allowCycle === b.allowCycle &&
    a.exactlyOnce === b.exactlyOnce &&
    samePredicate(a.filter, b.filter)
  );
}

function samePredicate(a: Predicate | undefined, b: Predicate | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return valueOf(a) === valueOf(b) && a.op === b.op;
}

function valueOf(predicate: Predicate): string {
  return predicate.op === "Eq" ? predicate.value : predicate.prefix;
}

export function settingsOf({
  preserveNode,
  preserveTag,
  filter,
  allowCycle,
  exactlyOnce,
}: RouterSettings): RouterSettings {
  return { preserveNode, preserveTag, filter, allowCycle, exactlyOnce };
}
