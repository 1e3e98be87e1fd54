/**
 * What a request may do (spec 7.2): the scopes of its key, and the names that the key is for. A refusal is the same
 * whether or not what was named exists.
 */
import { TopicsError } from "../../base/errors.ts";
import { printable } from "../errors.ts";
import { type Scope, scopes } from "./scope.ts";

export class Grant {
  /** Which key it is; `undefined` where there are none. Sessions and caps per key go by it. */
  readonly key: number | undefined;
  /** Beginnings of the names that it is for; none: every name. */
  readonly prefixes: readonly string[];
  readonly #scopes: ReadonlySet<Scope>;

  constructor(key: number | undefined, scopes: Iterable<Scope>, prefixes: readonly string[]) {
    this.key = key;
    this.#scopes = new Set(scopes);
    this.prefixes = prefixes;
  }

  /** `name`: of a topic or a router, or the beginning that names are to have. */
  may(scope: Scope, name?: string): boolean {
    return this.#scopes.has(scope) && (name === undefined || this.covers(name));
  }

  covers(name: string): boolean {
    return this.prefixes.length === 0 || this.prefixes.some((prefix) => name.startsWith(prefix));
  }

  /** Throws 403 unless the key has the scope. */
  demand(scope: Scope): void {
    if (this.#scopes.has(scope)) return;
    throw new TopicsError("forbidden", `This key does not have the scope ${scope}.`, { scope });
  }

  /** Throws 403 unless the key is for the name. `field` is where it stands in a body. */
  demandName(kind: "topic" | "router" | "prefix", name: string, field?: string): void {
    if (this.covers(name)) return;
    throw new TopicsError("forbidden", `This key is not for the ${kind} "${printable(name)}".`, {
      [kind]: name,
      ...(field === undefined ? {} : { field }),
    });
  }
}

/** Where there are no keys. */
export const everything: Grant = new Grant(undefined, scopes, []);
/** Before a request has shown a key, and on probes that ask for none. */
export const nothing: Grant = new Grant(undefined, [], []);
