/**
 * Who asks (spec 7.2): `Authorization: Bearer KEY`, or on the two stream GETs, whose callers cannot always set a header,
 * `?token=KEY`. The first thing that is asked of every request, also of those for paths that do not exist.
 */
import { TopicsError } from "../../base/errors.ts";
import { Query } from "../query.ts";
import { everything, type Grant } from "./grant.ts";
import type { KeyRing } from "./key-ring.ts";

/** `query`: given only where a token in it counts. Throws 401. */
export function authenticate(keys: KeyRing, authorization: string | undefined, query?: string): Grant {
  if (keys.size === 0) return everything;
  const key = authorization === undefined ? tokenIn(query) : bearer(authorization);
  const grant = key === undefined ? undefined : keys.find(key);
  if (grant !== undefined) return grant;
  throw unauthorized(
    authorization === undefined && key === undefined
      ? "This server asks for a key: Authorization: Bearer KEY. With curl: -H 'authorization: Bearer KEY'."
      : "This is not a key of this server.",
  );
}

export function unauthorized(message: string): TopicsError {
  return new TopicsError("unauthorized", message);
}

function bearer(authorization: string): string | undefined {
  return /^bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
}

function tokenIn(query: string | undefined): string | undefined {
  if (query === undefined || query === "") return undefined;
  return new Query(query, ["token"]).text("token");
}
