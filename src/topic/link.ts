/**
 * What a destination's log says of the link into it (spec 3.2, 3.3): its source, how far the source has been forwarded, and
 * the routers, in order of creation. It is a part of the destination's state like its configuration: changed by its frames,
 * kept in its section of a checkpoint, gone with it. A value: every change makes another one.
 */
import { assert } from "../base/assert.ts";
import type { Predicate } from "../base/predicate.ts";

export interface LinkSource {
  readonly id: number;
  readonly epoch: number;
  readonly name: string;
}

export interface LinkRouter {
  readonly name: string;
  /** Stamp of its creation: of two routers by one name the later one counts. */
  readonly made: number;
  /** Records of the source up to here are not its business. */
  readonly from: number;
  readonly preserveNode: boolean;
  readonly preserveTag: boolean;
  readonly filter: Predicate | undefined;
  readonly allowCycle: boolean;
  readonly exactlyOnce: boolean;
  /** Copies that it made. */
  readonly forwarded: number;
}

export interface LinkState {
  readonly source: LinkSource;
  /** Every record of the source up to here was forwarded, filtered, or announced as lost. */
  readonly cursor: number;
  readonly routers: readonly LinkRouter[];
}

/** What a `routerConfig` frame says. `cursor` is the anchor: what was forwarded when it was planned. */
export type LinkChange =
  | { readonly put: LinkRouter; readonly source: LinkSource; readonly cursor: number }
  | { readonly remove: string; readonly cursor: number };

/** What a frame of copies, or a hole in their place, says: it ends behind this record of the source. */
export interface LinkAnchor {
  readonly through: number;
  /** Copies in the frame, by router. */
  readonly counts: readonly number[];
}

/** The link after a change; `undefined` when nothing is left of it. A string says why the change cannot be. */
export function changedLink(link: LinkState | undefined, change: LinkChange): LinkState | string | undefined {
  if ("remove" in change) {
    if (link === undefined || !link.routers.some(({ name }) => name === change.remove))
      return "a router is removed that is not there";
    const routers = link.routers.filter(({ name }) => name !== change.remove);
    return routers.length === 0 ? undefined : { ...link, cursor: Math.max(link.cursor, change.cursor), routers };
  }
  const { put, source } = change;
  if (link === undefined) return { source, cursor: change.cursor, routers: [put] };
  if (link.source.id !== source.id) return "a second source into one destination";
  // Copies in an `ephemeral` destination have no frames that could have said how far they went.
  const cursor = Math.max(link.cursor, change.cursor);
  const known = link.routers.findIndex(({ name }) => name === put.name);
  if (known < 0) return { ...link, cursor, routers: [...link.routers, put] };
  const { from, forwarded, made } = link.routers[known];
  return { ...link, cursor, routers: link.routers.with(known, { ...put, from, forwarded, made }) };
}

/** The link behind a frame of copies; a string says why it cannot be. */
export function advancedLink(link: LinkState | undefined, { through, counts }: LinkAnchor): LinkState | string {
  if (link === undefined) return "copies come from nowhere";
  if (through <= link.cursor) return `copies end at ${through} of their source, not behind ${link.cursor}`;
  if (counts.length !== 0 && counts.length !== link.routers.length) return "copies of other routers";
  const routers = counts.some((count) => count > 0)
    ? link.routers.map((router, i) => ({ ...router, forwarded: router.forwarded + counts[i] }))
    : link.routers;
  return { ...link, cursor: through, routers };
}

export function sureLink<T extends LinkState | undefined>(outcome: T | string): T {
  assert(typeof outcome !== "string", typeof outcome === "string" ? outcome : "");
  return outcome;
}
