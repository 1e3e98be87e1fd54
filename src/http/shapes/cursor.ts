/** Cursors of lists (spec 2.1): opaque to clients, a name in base64url to us. Only what we could have made is taken. */
import { invalidField } from "../../base/errors.ts";
import { isRouterName } from "../../base/names.ts";

export function cursorAfter(name: string): string {
  return Buffer.from(name, "latin1").toString("base64url");
}

/** `undefined` is the first page. */
export function nameFromCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined || cursor === "") return undefined;
  const name = Buffer.from(cursor, "base64url").toString("latin1");
  // Names of routers are as those of topics, and more.
  if (isRouterName(name) && cursorAfter(name) === cursor) return name;
  throw invalidField("cursor", "This cursor is not one that a list has answered; start again without it.");
}
