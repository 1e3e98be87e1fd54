/**
 * What each route asks of a key (spec 7.2), as data beside the route, so that the test of the whole matrix is made from
 * the same table that serves. The name in a path, `:topic` or `:router`, is always held against the key's prefixes; names
 * in a body are named here and held against them by the handler, which alone knows the body.
 */
import type { Scope } from "./scope.ts";

export interface Access {
  /** All of them are needed; none: any key will do. */
  readonly scopes: readonly Scope[];
  /** Places in the body that hold names, such as `config.dead_letter` or `topics[].topic`. */
  readonly bodyNames?: readonly string[];
  /** What the answer lists is only what the key is for. */
  readonly filtered?: true;
  /** A scope that is needed when the body has `config` and the call makes the topic. */
  readonly configScope?: Scope;
  /** `?token=` counts as a key: the two stream GETs. */
  readonly queryToken?: true;
}

export const anyKey: Access = { scopes: [] };
export const reads: Access = { scopes: ["read"] };
export const deletes: Access = { scopes: ["delete"] };
export const administers: Access = { scopes: ["admin"] };
